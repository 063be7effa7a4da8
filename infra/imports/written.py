"""The files of an import: settings, the catalogue of images to fill in, and the notes."""

import json
from collections.abc import Iterator, Mapping

from infra.imports.notes import as_markdown
from infra.imports.stack import Imported
from infra.local.runtime.images import parse_reference

SETTINGS, IMAGES, NOTES = "app.tfvars.json", "images.toml", "NOTES.md"

HEAD = """\
# What the process runtime starts for each image of the imported services. Replace every TODO.
# The fields are explained in docs/reference/images.md. With `rehearse up --runtime docker` the
# images themselves are run, and nothing of this is needed.
#
# {ip} and {port} are a task's address and containerPort. The application must listen on {ip}: a
# 0.0.0.0 in a command or in the environment is replaced by it. One that listens on all addresses
# whatever it is told (Go's ":8080", Node's listen(8080)) takes the port from its other tasks: tell
# it the address, or use --runtime docker.
"""
FOLDER = "# The folder that the application is started in: the image's WORKDIR{0}, on this machine."
COMMAND = "# What the image's ENTRYPOINT and CMD are, e.g. {0}."
EXAMPLE = '["gunicorn", "--bind", "{ip}:{port}", "shop.wsgi"]'
UNUSED = "# Not used: the settings say what is started (container.command or entry_point)."
PATH = """\
# PATH is where programs are looked for: a virtual environment's bin, node_modules/.bin. Put what
# the image's ENV sets here, too, and the variables by which the application learns its address:
# HOST = "{ip}", PORT = "{port}"."""
DURATIONS = """\
# Variables that hold seconds, to be divided by --time-scale: ["GRACE_SECONDS"]."""
TAGS = "# Patterns of the tags that exist. Any other is a CannotPullContainerError, as on AWS."


def files(imported: Imported, title: str, source: str, folder: str) -> dict[str, str]:
    """Each file's text by its name; the same import gives the same texts."""
    start = (
        f"Fill in what is listed, then `rehearse up --settings {folder}/{SETTINGS} --images"
        f" {folder}/{IMAGES}`, or, where the images can be pulled, `rehearse up --settings"
        f" {folder}/{SETTINGS} --runtime docker`."
    )
    texts = {
        SETTINGS: json.dumps(imported.settings, indent=2, ensure_ascii=False) + "\n",
        IMAGES: catalogue(imported),
        NOTES: as_markdown(title, source, imported.notes, start),
    }
    return {name: _encodable(text) for name, text in texts.items()}


def catalogue(imported: Imported) -> str:
    """The skeleton of images.toml: one entry for each name of an image."""
    entries: dict[str, dict[str, list[str]]] = {}
    for image, services in sorted(imported.images.items()):
        name, tag, _ = parse_reference(image)
        entry = entries.setdefault(name, {"tags": [], "services": [], "folders": []})
        entry["tags"].append(tag)
        entry["services"] += services
        entry["folders"] += [imported.folders[image]] if image in imported.folders else []
    return HEAD + "".join(
        "\n" + "\n".join(_entry(name, entry, imported.settings)) + "\n"
        for name, entry in sorted(entries.items())
    )


def _entry(
    name: str, entry: Mapping[str, list[str]], settings: Mapping[str, object]
) -> Iterator[str]:
    services = sorted(entry["services"])
    tags = list(dict.fromkeys([*sorted(entry["tags"]), "[0-9]*", "v[0-9]*", "latest"]))
    folders = sorted(set(entry["folders"]))
    folder = f" ({', '.join(map(_text, folders))})" if folders else ""
    needs = any(not _starts(settings, one) for one in services)
    yield f"[images.{_text(name)}]  # {', '.join(services)}"
    yield TAGS
    yield f"tags = {_texts(tags)}"
    yield FOLDER.format(folder)
    yield 'directory = "TODO"'
    yield COMMAND.format(EXAMPLE) if needs else UNUSED
    yield f"command = {_texts(['TODO' if needs else 'false'])}"
    yield DURATIONS
    yield "durations = []"
    yield PATH
    yield 'environment = { PATH = "TODO/bin:/usr/local/bin:/usr/bin:/bin" }'


def _starts(settings: Mapping[str, object], service: str) -> bool:
    """Whether the settings say what the service's container starts."""
    services = settings["services"]
    assert isinstance(services, dict)
    container = services[service].get("container", {})
    return bool(container.get("command") or container.get("entry_point"))


def _texts(values: list[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _text(value: str) -> str:
    """A TOML string."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def _encodable(text: str) -> str:
    """Half a surrogate pair, which JSON can say and no file can hold, as JSON says it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
