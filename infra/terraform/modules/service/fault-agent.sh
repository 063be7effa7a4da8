# Registers the task with Systems Manager, so that FIS finds it by its tags, and takes it out again.
# https://docs.aws.amazon.com/fis/latest/userguide/ecs-task-actions.html
set -euo pipefail

dnf install -y -q jq procps-ng awscli

task=$(curl -fsS "$ECS_CONTAINER_METADATA_URI_V4/task")
arn=$(jq -er .TaskARN <<<"$task")
zone=$(jq -er .AvailabilityZone <<<"$task")
export AWS_DEFAULT_REGION=${zone%?}

activation=$(aws ssm create-activation --iam-role "$MANAGED_INSTANCE_ROLE_NAME" --registration-limit 1 \
  --tags "Key=ECS_TASK_ARN,Value=$arn" "Key=ECS_TASK_AVAILABILITY_ZONE,Value=$zone" Key=FAULT_INJECTION_SIDECAR,Value=true)
id=$(jq -er .ActivationId <<<"$activation")

leave() {
  aws ssm delete-activation --activation-id "$id" || true
  aws ssm deregister-managed-instance \
    --instance-id "$(jq -er .ManagedInstanceID /var/lib/amazon/ssm/registration)" || true
  kill "${agent:-}" 2>/dev/null || true
}
trap leave TERM INT

amazon-ssm-agent -register -code "$(jq -er .ActivationCode <<<"$activation")" -id "$id" -region "$AWS_DEFAULT_REGION"
amazon-ssm-agent &
agent=$!
wait "$agent"
