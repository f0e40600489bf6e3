"""模拟 / Whom the simulated platforms know: synthetic people and organisations, none of whom exists."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """A natural person. `certificate_type` is GA/T 2000.156 (HMT: residence permit of 2018, which has no code)."""

    id: str
    name: str
    number: str
    certificate_type: str = "111"
    level: int = 3
    mobile: str = ""
    sex: str = "1"
    nation: str = "汉族"
    birth: str = ""
    email: str = ""
    cancelled: bool = False
    note: str = ""

    @property
    def birth_date(self) -> str:
        """YYYYMMDD; numbers of citizens and of residence permits hold it."""
        return self.birth or (self.number[6:14] if len(self.number) == 18 else "")


@dataclass(frozen=True)
class Agent:
    """Somebody an organisation sent: what for, and until when (YYYYMMDD, empty: no end)."""

    person: str
    scope: tuple[str, ...] = ()
    until: str = ""


@dataclass(frozen=True)
class Organization:
    """A legal person; `kind` is GB/T 39046 A.4. `code` is the organisation code of nine characters."""

    id: str
    name: str
    uscc: str
    kind: str
    representative: str
    agents: tuple[Agent, ...] = field(default=())
    code: str = ""
    address: str = "河南省平顶山市湛河区示例路 1 号"
    dissolved: bool = False


PEOPLE = (
    Person(
        "zhangsan", "张三", "410411199001010015", level=3, mobile="13800000001", email="zhangsan@example.test"
    ),
    Person("lisi", "李四", "E00000001", "414", 3, "13800000002", note="只有护照"),
    Person("hui", "阿卜杜拉·买买提", "410411199001010031", level=2, mobile="13800000005", nation="维吾尔族"),
    Person("rare", "𠮷祥", "410411198808089997", level=3, mobile="13800000006"),
    Person("child", "赵小宝", "410411201406010013", level=1, note="12 岁"),
    Person("old", "赵奶奶", "410411193801010016", level=1, sex="2", mobile="13800000004", note="88 岁"),
    Person("hongkong", "陈港生", "810000199001010019", "HMT", 3, "13800000008"),
    Person("macau", "何澳生", "820000199001010010", "HMT", 3, "13800000011"),
    Person("taiwan", "林台生", "830000199001010012", "HMT", 3, "13800000009"),
    Person("foreign_old", "JOHN SMITH", "USA123456789012", "553", 3, "13800000012", birth="19800101"),
    Person("foreign_new", "MARIA JOSÉ SILVA", "910411199001010013", "553", 3, "13800000010", "2"),
    Person("no_mobile", "吴无号", "410411198603030019", level=3),
    Person("level0", "零级甲", "41041119840404002X", level=0, mobile="13800000013"),
    Person("level1", "一级甲", "410411197909090036", level=1, mobile="13800000014"),
    Person("level2", "二级甲", "410411199212120046", level=2, mobile="13800000015"),
    Person("level4", "四级甲", "410411199505050053", level=4, mobile="13800000016"),
    Person("renamed", "王新名", "410411197007070060", level=3, mobile="13800000017", note="原名王旧名"),
    Person("cancelled", "孙已销", "410411198811110072", level=3, mobile="13800000018", cancelled=True),
    Person("phone_a", "周同号", "410411199303030089", level=3, mobile="13800000019", note="与郑同号共用手机"),
    Person("phone_b", "郑同号", "410411199404040091", level=3, mobile="13800000019", note="与周同号共用手机"),
    Person(
        "clerk",
        "钱经办",
        "410411199606060103",
        level=3,
        mobile="13800000020",
        sex="2",
        note="三家企业的经办人",
    ),
    Person("expired_agent", "冯过期", "410411199707070116", level=3, mobile="13800000021", note="委托已到期"),
)

ORGANIZATIONS = (
    Organization(
        "company", "湛河示例科技有限公司", "91410411MA0000007X", "2", "lisi",
        (Agent("clerk", ("社保", "税务"), "20991231"), Agent("expired_agent", ("税务",), "20200101")),
    ),
    Organization(
        "trade", "湛河示例商贸有限公司", "91410411MA0000015Q", "2", "zhangsan", (Agent("clerk", (), "20991231"),)
    ),
    Organization("dissolved", "湛河已注销示例有限公司", "91410411MA0000023K", "2", "zhangsan", dissolved=True),
    Organization("school", "湛河区示例中学", "12410411415000010R", "3", "rare"),
    Organization("society", "湛河区示例协会", "51410411500000015J", "4", "hui"),
    Organization("office", "湛河区示例局", "114104110050000186", "5", "level4"),
    Organization("shop", "湛河区示例小吃店", "92410411MA0000031B", "6", "no_mobile"),
    Organization(
        "farm", "湛河示例种植专业合作社", "93410411MA00000580", "2", "level2", (Agent("clerk", ("年报",), "20991231"),)
    ),
    Organization("old_code", "湛河老代码示例厂", "", "6", "phone_a", code="123456788"),
)  # fmt: skip
