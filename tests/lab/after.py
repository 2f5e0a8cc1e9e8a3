"""The checks for a scenario's `# after:` lines: each function gets the folder left by the guest and returns an objection, or ""."""

import pathlib
import re

import pcap


def read(path: pathlib.Path) -> list[bytes]:
    return pcap.frames(path)


def wire_is_numbered(left: pathlib.Path, wire: str, count: str, *options: str) -> str:
    """The wire carried ixy-pktgen's frames 0 to count - 1, each once and in order, and, unless --ours-only, nothing else."""
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
    """The capture is valid, has at least one frame, and ends somewhere before the wire's capture does."""
    captured, carried = read(left / capture), read(left / f"wire-{wire}.pcap")
    if not 0 < len(captured) < len(carried):
        return f"{len(captured)} frames of {len(carried)} captured"
    return difference(carried[:len(captured)], captured, "frame")


def capture_has_datagrams(left: pathlib.Path, capture: str, port: str, count: str) -> str:
    """The capture holds exactly lab_udp's datagrams to the port, numbered from 0."""
    datagrams = [frame[42:] for frame in read(left / capture) if frame[36:38] == int(port).to_bytes(2, "big")]
    wanted = [b"lab" + number.to_bytes(4, "little") + bytes(33) for number in range(int(count))]
    return difference(wanted, datagrams, "datagram")


def no_frame_is_longer_than(left: pathlib.Path, wire: str, most: str) -> str:
    longest = max(map(len, read(left / f"wire-{wire}.pcap")))
    return f"a frame has {longest} bytes" if longest > int(most) else ""


def has_frame_of(left: pathlib.Path, wire: str, length: str) -> str:
    lengths = {len(frame) for frame in read(left / f"wire-{wire}.pcap")}
    return "" if int(length) in lengths else f"the longest frame has {max(lengths)} bytes"


def frames_are_tagged(left: pathlib.Path, wire: str, identifier: str) -> str:
    """Both ends of the wire have sent frames with that VLAN's tag."""
    tag = b"\x81\x00" + int(identifier).to_bytes(2, "big")
    senders = {frame[6:12] for frame in read(left / f"wire-{wire}.pcap") if frame[12:16] == tag}
    return "" if len(senders) == 2 else f"{len(senders)} senders of frames in VLAN {identifier}"


def statistics_are_wire(left: pathlib.Path, wire: str, address: str) -> str:
    """The e1000 driver's `ethtool -S` output (/out/statistics) matches what the wire carried for the card with that address.

    Everything is exact except byte counts: the driver reads the two halves of those counters separately, every 2 seconds,
    and, on real cards too, loses what passes in between (13.7.31: reading the upper half clears both). At most a frame each time.
    """
    card, everybody = bytes.fromhex(address.replace(":", "")), b"\xff" * 6
    groups = {bytes.fromhex("01005e000001")}  # every host is in this group
    frames = read(left / f"wire-{wire}.pcap")
    sent = [frame for frame in frames if frame[6:12] == card]
    received = [frame for frame in frames if frame[6:12] != card and frame[:6] in {card, everybody} | groups]
    wanted = {}
    for direction, ours in (("tx", sent), ("rx", received)):
        wanted |= {f"{direction}_packets": len(ours),
                   f"{direction}_bytes": sum(max(len(frame), 60) + 4 for frame in ours),  # including padding and check sequence
                   f"{direction}_broadcast": sum(frame[:6] == everybody for frame in ours),
                   f"{direction}_multicast": sum(frame[0] & 1 and frame[:6] != everybody for frame in ours)}
    said = dict(re.findall(r"^ *(\w+): (\d+)$", (left / "statistics").read_text(), re.M))
    wanted |= {name: 0 for name in said if re.search("error|missed|no_buffer|failed|dropped|timeout|collision", name)}
    slack = {"tx_bytes": 20 * 1518, "rx_bytes": 20 * 1518}
    wrong = [name for name, value in wanted.items() if not 0 <= value - int(said.get(name, -1)) <= slack.get(name, 0)]
    return "; ".join(f"{name} is {said.get(name)} and should be {wanted[name]}" for name in wrong)


# Known violations of the datasheets by Linux's drivers.
KNOWN_MISUSE = {
    "82574L": ("reserved bits: MRQC: bits 200000h",  # a packet type to hash that only later chips support
               "receiver before its ring: RCTL:"),   # e1000_setup_rctl runs before e1000_configure_rx
}
SELF_TEST_MISUSE = ("reserved bits: RDTR:", "reserved bits: RAH:", "reserved bits: FCRTL:",  # the register test writes all bits
                    "tail beyond the ring: RDH:",                   # and of RDH, and then enables the receiver
                    "descriptor given again: TDT:")  # the loopback test resends the same ring contents repeatedly


def no_misuse_reported(left: pathlib.Path, card: str, *options: str) -> str:
    """The software card, which reports when its driver breaks a rule, has reported nothing new; --self-test: there was one."""
    file = left / f"{card}.said"
    said = file.read_text(errors="replace").splitlines() if file.exists() else ["nothing"]
    known = next((texts for chip, texts in KNOWN_MISUSE.items() if chip in said[0]), ())  # the first line names the chip
    known += SELF_TEST_MISUSE if "--self-test" in options else ()
    return " | ".join(line for line in said[1:] if not any(text in line for text in known))[:2000]


def difference(wanted: list, got: list, thing: str) -> str:
    for place, (want, have) in enumerate(zip(wanted, got)):
        if want != have:
            return f"{thing} {place} differs: wanted {shown(want)}, got {shown(have)}"
    return "" if len(wanted) == len(got) else f"wanted {len(wanted)} {thing}s, got {len(got)}"


def shown(value) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
