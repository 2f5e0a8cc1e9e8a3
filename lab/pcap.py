"""Reads captures: the classic pcap format (draft-ietf-opsawg-pcap), either byte order, micro- or nanoseconds."""

import pathlib
import struct

MAGIC = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}


def frames(path: pathlib.Path) -> list[bytes]:
    """The bytes of each captured frame. ValueError if the file is truncated or is not an Ethernet capture."""
    content = path.read_bytes()
    order = MAGIC.get(content[:4])
    if order is None or len(content) < 24:
        raise ValueError(f"{path}: not a pcap file")
    if struct.unpack_from(order + "I", content, 20)[0] & 0xFFFF != 1:
        raise ValueError(f"{path}: not an Ethernet capture")
    found, at = [], 24
    while at < len(content):
        if at + 16 > len(content):
            raise ValueError(f"{path}: ends within a record's header")
        kept, = struct.unpack_from(order + "I", content, at + 8)
        if at + 16 + kept > len(content):
            raise ValueError(f"{path}: ends within a frame")
        found.append(content[at + 16:at + 16 + kept])
        at += 16 + kept
    return found


def sequence_number(frame: bytes) -> int | None:
    """The number in the last four bytes of a frame if ixy-pktgen made it, else None."""
    is_ours = len(frame) >= 60 and frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[42:45] == b"ixy"
    return struct.unpack("<I", frame[-4:])[0] if is_ours else None
