"""模拟 / The plain pages of the platforms; every one says on top that it is a simulation."""

import html
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

LOOKS: Mapping[str, str] = {
    "tacs": "#c7000b",
    "jis": "#0b5cad",
    "plain": "#355",
}
_STYLE = """body{font:17px/1.7 system-ui,sans-serif;margin:0}header{color:#fff;padding:.75rem 1rem;background:COLOUR}
main{max-width:44rem;margin:0 auto;padding:1rem}.sim{background:#5b2a86;color:#fff;padding:.25rem 1rem;margin:0}
button,a.tab{font:inherit;min-height:2.75rem;text-align:left}li{margin:.4rem 0;list-style:none}ul{padding:0}
.tabs a{display:inline-block;padding:.5rem 1rem;border-bottom:3px solid transparent}
.tabs a[aria-current]{border-color:COLOUR;font-weight:700}td,th{text-align:left;padding:.25rem .75rem .25rem 0}"""

_PHONE = """body{font-size:19px}main{padding:.5rem}.tabs{display:flex}.tabs a{flex:1;text-align:center}
button{display:block;width:100%;padding:.75rem}"""


def page(title: str, body: str, look: str = "plain", *, phone: bool = False) -> str:
    """A whole page, as a computer or a telephone gets it."""
    style = (_STYLE + (_PHONE if phone else "")).replace("COLOUR", LOOKS[look])
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>模拟 · {escaped(title)}</title>
<style>{style}</style></head><body><p class="sim">模拟 / SIMULATOR：这里的人和单位都是虚构的</p>
<header>{escaped(title)}{"（手机版）" if phone else ""}</header><main>{body}</main></body></html>"""


def choose(rows: Iterable[tuple[str, str]], tabs: str, partner: str) -> str:
    """The people or organisations one may log in as: a button each."""
    buttons = "".join(
        f'<li><button name="who" value="{escaped(value)}">{escaped(label)}</button></li>'
        for value, label in rows
    )
    return f'{tabs}<form method="post"><ul>{buttons}</ul></form>{partner}'


def tabs(query: Mapping[str, str], kind: str, kinds: Iterable[str]) -> str:
    """Person and legal person, as links to the same page."""
    names = {"person": "个人登录", "legal": "法人登录"}
    current = {kind: ' aria-current="page"'}
    links = "".join(
        f'<a class="tab" href="?{escaped(urlencode({**query, "sim_kind": one}))}"{current.get(one, "")}>'
        f"{names[one]}</a>"
        for one in kinds
    )
    return f'<nav class="tabs">{links}</nav>'


def consent(who: str, app: str) -> str:
    """May the application know who is here."""
    return f"""<h1>授权登录</h1><p>{escaped(who)}，应用“{escaped(app)}”想知道您的姓名、证件号码和手机号。</p>
<form method="post"><p><button name="decision" value="agree">同意授权</button>
<button name="decision" value="cancel">取消</button>
<button name="decision" value="other">换一个账号</button></p></form>"""


def posting(callback: str, parameters: Mapping[str, str]) -> str:
    """Has the browser post to a callback, by itself where it runs scripts."""
    fields = "".join(
        f'<input type="hidden" name="{escaped(name)}" value="{escaped(value)}">'
        for name, value in parameters.items()
    )
    return (
        f'<form id="back" method="post" action="{escaped(callback)}">{fields}<button>返回应用</button></form>'
        "<script>document.getElementById('back').submit()</script>"
    )


def sentence(text: str) -> str:
    """One sentence and nothing to do."""
    return f"<h1>{escaped(text)}</h1>"


def escaped(text: str) -> str:
    """Safe within a page."""
    return html.escape(text)
