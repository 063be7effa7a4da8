# A base made of Debian packages. Only infra/images/offline.py builds it, from a directory with
# rootfs.tar.
ARG BASE=scratch
FROM ${BASE}
ADD rootfs.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["sh"]
