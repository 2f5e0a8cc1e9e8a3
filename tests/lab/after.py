"""What a scenario's lines `# after:` may ask for: each function gets the folder that the guest left and returns an objection, or ""."""

import pathlib

import pcap


def read(path: pathlib.Path) -> list[bytes]:
    return pcap.frames(path)


def wire_is_numbered(left: pathlib.Path, wire: str, count: str, *options: str) -> str:
    """ixy-pktgen's frames 0 to count - 1 were on the wire, each once and in order, and, unless --ours-only, nothing else."""
    frames = read(left / f"wire-{wire}.pcap")
    numbers = [number for number in map(pcap.sequence_number, frames) if number is not None]
    if "--ours-only" not in options and len(numbers) != len(frames):
        return f"{len(frames) - len(numbers)} frames on wire {wire} are not ixy-pktgen's"
    return difference(list(range(int(count))), numbers, "numbered frame")


def wires_are_equal(left: pathlib.Path, one: str, other: str) -> str:
    return difference(read(left / f"wire-{one}.pcap"), read(left / f"wire-{other}.pcap"), "frame")


def capture_is_wire(left: pathlib.Path, capture: str, wire: str) -> str:
    """The capture has every frame of the wire, in order, byte for byte."""
    return difference(read(left / f"wire-{wire}.pcap"), read(left / capture), "frame")


def capture_begins_as_wire(left: pathlib.Path, capture: str, wire: str) -> str:
    """The capture is whole in itself, has at least one frame, and breaks off somewhere before the wire's end."""
    captured, carried = read(left / capture), read(left / f"wire-{wire}.pcap")
    if not 0 < len(captured) < len(carried):
        return f"{len(captured)} frames of {len(carried)} captured"
    return difference(carried[:len(captured)], captured, "frame")


def capture_has_datagrams(left: pathlib.Path, capture: str, port: str, count: str) -> str:
    """The capture holds exactly lab_udp's datagrams to the port, numbered from 0."""
    datagrams = [frame[42:] for frame in read(left / capture) if frame[36:38] == int(port).to_bytes(2, "big")]
    wanted = [b"lab" + number.to_bytes(4, "little") + bytes(33) for number in range(int(count))]
    return difference(wanted, datagrams, "datagram")


def difference(wanted: list, got: list, thing: str) -> str:
    for place, (want, have) in enumerate(zip(wanted, got)):
        if want != have:
            return f"{thing} {place} differs: wanted {shown(want)}, got {shown(have)}"
    return "" if len(wanted) == len(got) else f"wanted {len(wanted)} {thing}s, got {len(got)}"


def shown(value) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
