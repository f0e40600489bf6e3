"""Private characters of old registers: what GB 18030-2005 put into the private area, and where it stands since 2022."""

_FIRST = 0xE815
# 0xFE50 to 0xFEA0 of the code, in its order.
_HANZI = (
    "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱"
    "䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻"
)

STANDARD = {_FIRST + place: ord(sign) for place, sign in enumerate(_HANZI)} | {0xE7C7: 0x1E3F}
"""Code point → code point, for `str.translate`."""
