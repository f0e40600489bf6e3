"""Whom the simulated authorities know: synthetic people, none of whom exists."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A person as the registers have them; `valid_until` is the last day of the certificate, YYYYMMDD."""

    name: str
    certificate_type: str
    number: str
    mobile: str = ""
    valid_until: str = ""


PEOPLE = (
    Known("张三", "111", "410411199001010015", "13800000001"),
    Known("李四", "414", "E00000001", "13800000002", "20301231"),
    Known("王五", "111", "410411198505059993", "13800000003"),
    Known("赵奶奶", "111", "410411195001010017", "13800000004"),
    Known("阿卜杜拉·买买提", "111", "410411199001010031", "13800000005"),
    Known("𠮷祥", "111", "410411198808089997", "13800000006"),
    Known("赵小宝", "111", "410411201506010010"),
    Known("赵大宝", "111", "410411201006010014", "13800000007"),
    Known("陈港生", "HMT", "810000199001010019", "13800000008"),
    Known("林台生", "HMT", "830000199001010012", "13800000009"),
    Known("钱途", "111", "410411199102030015", "13800000011"),
    Known("MARIA JOSÉ SILVA", "553", "910411199001010013", "13800000010", "20301231"),
)
