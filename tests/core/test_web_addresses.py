"""Web addresses in names are found; names with titles, initials and degrees are taken."""

from __future__ import annotations

import time

import pytest

from core.schema_fields import PersonName
from core.web_addresses import has_web_address

NAMES = [
    "St. John", "Anna-Lena O'Brien Jr.", "J.R.R. Tolkien", "J.R.R.Tolkien", "M.Sc. Ali", "M.Sc.Ali", "B.Sc. Hons Li",
    "Dr.M\u00fcller", "Dr. med. dent. Meier", "Prof.Dr.med. Meier", "Dipl.-Ing. Schmidt", "Dipl.-Ing.Schmidt",
    "Dr.-Ing. Weber", "St.John", "A. Li", "A.Li", "J.Li", "Yu.Li", "Y.Ma", "T.Vu", "Md.Ali", "Mohd.Amir",
    "Ph.D. Candidate", "Mary Smith, M.D.", "M.D.", "Smith, Ph.D.", "Mag.rer.nat. Hans Huber",
    "Mgr.art. Nov\u00e1kov\u00e1", "RNDr. Jan Nov\u00e1k, CSc.", "JUDr.Ing.Nov\u00e1k", "Ali B.Com.", "Priya M.Com",
    "John Smith III", "Abd.Rahman", "Sr. Maria", "D'Angelo", "Nguy\u1ec5n Th\u1ecb Minh Khai", "\u674e\u5c0f\u9f99",
    "\u5c71\u7530 \u592a\u90ce", "M\u00fcller-L\u00fcdenscheidt", "van der Berg", "de la Cruz", "Conchita Wurst",
    "Jean-Luc Picard", "Mar\u00eda Jos\u00e9", "\u0141ukasz \u017b\u00f3\u0142\u0107",
    "\u0412\u043b\u0430\u0434\u0438\u043c\u0438\u0440 \u041f\u0443\u0442\u0438\u043d",
    "\u0410.\u0421. \u041f\u0443\u0448\u043a\u0438\u043d", "\u0410.\u0421.\u041f\u0443\u0448\u043a\u0438\u043d",
    "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0646\u0648\u0631.\u0627\u0644\u062f\u064a\u0646",
    "O\u2019Brien", "Dot Cotton", "Dorothy \"Dot\" Com", "Mr. Dot Comer", "Net Smith", "Anna Com",
    "Ing.arch. Nov\u00e1k", "S.A. de C.V.", "Fr.John", "Mt.Everest", "Lt.Col. Smith", "Wm.Shakespeare", "Thos.Smith",
    "K.S.Ravi", "R.K.Narayan", "A.P.J. Abdul Kalam", "Ma. Teresa", "Ma.Teresa", "M.Th. Weber", "Mrs. J. Black",
    "J.Black", "J. Page", "C.Rich", "H.C. Andersen", "Sir Arthur C. Clarke", "Smith.John", "E.T.A. Hoffmann",
    "Dr.h.c.mult. Weber", "LL.M. Eur. Schmidt", "Anna (Annie) Meier", "Ann & Bob", "Ann/Bob", "c/o Meier",
    "Ann: Bob", "Mag.a Anna", "Mag.\u00aa Huber", "Ma.Jos\u00e9", "#1 Fan", "Q. de Rham", "P.S. I love you", "Nr. 5",
    "No.1", "V.2", "Jan v.d. Berg", "Jan v.d.Berg", "Piet v.Dijk", "Hr.Ng", "Frau Dr.Im", "L\u00b7L Zamenhof",
    "Gal\u00b7la Placidia", "Paul\u00b7la", "et al.", "Abu.Bakr", "H.E. Ban", "U.S. Grant", "John Q.Public",
]  # fmt: skip
ADDRESSES = [
    "http://evil.example/x", "www.evil.example/pay", "evil.com", "EVIL.COM", "Evil.De", "evil.de",
    "visit evil.example now", "https://x", "http:evil", "hxxp://evil", "evil.co.uk", "my-shop.online", "win.bid/now",
    "t.me/x", "t.me", "bit.ly/abc", "x.com", "\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d", "evil\u3002com",
    "evil\uff0ecom", "evil\uff61com", "evil\u2024com", "www\u3002evil\u3002com", "e\u200bvil.com", "evil\u200b.com",
    "ev\u200dil.c\u200com", "[click](evil)", "[free](http://evil)", "<a href=x>", "evil[.]com", "evil(dot)com",
    "evil dot com", "evil [dot] de", "\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "m\u00fcller.de",
    "xn--bcher-kva.example", "ada@evil.com", "ada@evil.example", "1.2.3.4", "1.2.3.4/x", "evil .com", "evil. com",
    "evil . com", "www .evil", "WWW.Evil", "shop24.info", "a1.net", "evil.ai", "evil.io", "evil.app", "//evil.com",
    "evil.com.", "evil.com!", "(evil.com)", "Hans evil.com Meier", "Hans.evil.com", "mailto:x", "javascript:alert",
    "ftp://x", "evil.xyz", "evil.test", "evil.local", "evil.com:80", "evil.zip", "\u4f8b\u3048.\u307f\u3093\u306a",
    "\u4e2d\u56fd.\u4e2d\u56fd", "\U0001d41e\U0001d42f\U0001d422\U0001d425.\U0001d41c\U0001d428\U0001d426",
    "evil.\u24d2\u24de\u24dc", "St.evil.com", "Dr.com", "dr.de/x", "amazon.com", "Visit www.example.org",
    "evil\u00b7com", "x.ai/y", "wa.me", "ab.de", "[ref]: evil.x",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_person_has_no_web_address(name: str) -> None:
    assert not has_web_address(name)


@pytest.mark.parametrize("name", ADDRESSES)
def test_web_address_is_found_in_a_name(name: str) -> None:
    assert has_web_address(name)
    assert has_web_address(f"Ada {name}")
    assert has_web_address(f"{name} Lovelace")


@pytest.mark.parametrize("part", ["]:", "a ", "a.", "[.", "www", "1.", "<a", ". "])
def test_long_name_is_parsed_in_no_time(part: str) -> None:
    started = time.process_time()

    PersonName(2, 80).parse(part * 16_000)

    assert time.process_time() - started < 0.2
