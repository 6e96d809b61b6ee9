"""Secrets of every shape, in every disguise in which logs hold them, are masked; and in linear time."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from lib.logs.redact import redact
from tests.growth import WORDS, grows_too_fast
from tests.planted import BASE64, HEX, LETTERS, Maker, Planted, planted


def broken(text: str) -> str:
    """Cut in two, as a terminal or a pasted note does."""
    at = len(text) // 2
    return f"{text[:at]}\n{text[at:]}"


DISGUISES: dict[str, Callable[[str], str]] = {
    "alone": str,
    "in a sentence": lambda text: f"The call failed with {text} and nothing else.",
    "as a JSON string": lambda text: json.dumps({"level": "info", "detail": text}),
    "JSON inside JSON": lambda text: json.dumps({"body": json.dumps({"detail": text})}),
    "in a query": lambda text: f"GET /api/callback?next={quote(text, safe='')}&page=2",
    "as Node prints an object": lambda text: f"{{ headers: {{ 'x': '{text}' }}, status: 500 }}",
    "in a terminal's colours": lambda text: f"detail: \x1b[32m{text}\x1b[39m, status: \x1b[33m500\x1b[39m",
    "in colours inside JSON": lambda text: json.dumps({"detail": f"\x1b[1m\x1b[31m{text}\x1b[0m"}),
    "between backticks": lambda text: f"got `{text}` from the environment",
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("secret", planted(), ids=lambda each: each.shape)
def test_a_secret_is_masked_in_every_disguise(secret: Planted, disguise: str) -> None:
    told = redact(DISGUISES[disguise](secret.text))
    assert secret.secret not in told
    assert quote(secret.secret, safe="") not in told


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_the_name_of_a_header_may_be_written_in_any_case(change: Callable[[str], str]) -> None:
    for secret in planted():
        name, sign, value = secret.text.partition(": ")
        if sign and secret.secret in value:
            assert secret.secret not in redact(f"{change(name)}: {value}")


@pytest.mark.parametrize(
    "secret",
    [
        each
        for each in planted()
        if len(each.secret) >= 24 and " " not in each.secret and "PEM" not in each.shape
    ],
    ids=lambda each: each.shape,
)
def test_a_token_that_is_broken_over_two_lines_is_masked_whole(secret: Planted) -> None:
    text = secret.text.replace(secret.secret, broken(secret.secret))
    told = redact(text)
    first, second = broken(secret.secret).splitlines()
    assert first not in told
    assert second not in told or len(second) < 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from /203.0.113.77:54321", "from /[ip]:54321"),  # as Java prints a socket
        ("clientIp:2001:db8:7f3a::4ada", "clientIp:[ip]"),
        ("_jane.roe@example.com_ wrote", "[email]_ wrote"),
    ],
)
def test_a_person_is_masked_right_behind_punctuation(text: str, told: str) -> None:
    assert redact(text) == told


@pytest.mark.parametrize("name", ["DEEPGRAM_KEY", "OUR_RENDERER_KEY", "RENDERER_KEY_2"])
def test_a_variable_that_ends_in_key_is_masked_whosever_key_it_is(name: str) -> None:
    value = Maker(random.Random(4)).of(LETTERS, 32)
    for text in (f"{name}={value}", f"{name}: '{value}'", f'{{"{name}":"{value}"}}'):
        assert value not in redact(text)


# A name, and @ for its value. The values are random: no letter, digit or case of them says more than another.
PAIRED = (
    '{"key":"RUNWAY_API_KEY","value":"@"}',
    '{"key":"RUNWAY_API_KEY","target":["production","preview"],"type":"encrypted","value":"@"}',
    '{"type":"plain","value":"@","target":["production"],"id":"a1","key":"OPENAI_API_KEY"}',
    '[{"key":"LOG_LEVEL","value":"info"},{"key":"DB_PASSWORD","value":"@"}]',
    '{"name":"x-api-key","value":"@"}',
    '{"name": "authorization", "value": "@"}',
    '{"name":"cookie","value":"theme=dark; sid=@"}',
    '{"name":"set-cookie","value":"sid=@; Path=/; HttpOnly"}',
    '{"name":"sb-abcdefghij-auth-token.1","value":"@","path":"/"}',
    "Map(1) { 'apikey' => { name: 'apikey', value: '@' } }",
    "Map(1) {\n  'x-api-key' => {\n    name: 'x-api-key',\n    value: '@'\n  }\n}",
    "env:\n  - name: LOG_LEVEL\n    value: info\n  - name: DB_PASSWORD\n    value: @",
    '<add key="ApiKey" value="@"/>',
    '<input type="hidden" name="csrf_token" value="@">',
    "[(b'x-api-key', b'@')]",
    "<apiKey>@</apiKey>",
    "<password>\n  @\n</password>",
    '<entry key="api_key">@</entry>',
    "<key>ApiKey</key>\n<string>@</string>",
    'Client { api_key: Some("@"), model: "gen4_turbo" }',
    '["api_key"]=>\n  string(40) "@"',
    "APP_KEY=base64:@",
    "SECRET_KEY_BASE=@",
    "runway.api.key=@",
    "Runway key: @",
    "https://maps.example.com/v1?key=@&q=1",
    "https://app.example.com/?_vercel_share=@",
    "RUNWAY_API_KEY -> @",
    "x-api-key → @",
    "RUNWAY_API_KEY\t@",
    "| NAME | VALUE |\n| --- | --- |\n| RUNWAY_API_KEY | @ |",
    "│ 0 │ 'RUNWAY_API_KEY' │ '@' │",
)
TYPED = (
    "curl -u admin:@ https://api.example.com/v1",
    "curl -s -X POST \\\n  --user 'admin:@' https://api.example.com/v1",
    "vercel --token @ --prod",
    "vercel --token=@",
    "psql --host db --password @",
    "psql --db-password '@'",
    "render --api-key @",
    "mysql -u root -p@ -h db app",
    "mysqldump -uroot -p'@' app > all.sql",
    "sshpass -p @ ssh host",
    "redis-cli -h db -a @ ping",
    "setx RUNWAY_API_KEY @",
    "machine api.example.com login ada password @",
    "machine api.example.com\n  login ada\n  password @",
    "db.example.com:5432:app:postgres:@",
)
PROSE = (
    "the key is @",
    "The API key is @.",
    "my api key is: @ and it is refused",
    "Runway's token was @",
    "use this secret: our secret is @ for now",
    "The password is now @",
    "das Passwort lautet @",
    "Der Schlüssel ist @",
    "le mot de passe est @",
    "la clave es @",
    "Incorrect API key provided: @. You can find yours on the page.",
    "API key @ is not valid",
    'api key "@" was refused',
)
SIGNED = (
    "stripe-signature: t=1492774577,v1=@",
    "stripe-signature: t=1492774577,v1=@,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
    "svix-signature: v1,@",
    "webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,@",
    "x-slack-signature: v0=@",
    "sb-abcdefghij-auth-token.0=@",
    "DB_PASSWORD=17+@",
)
ABROAD = (
    *("mot de passe : @", "Mot de passe: @", "hasło: @", "lösenord: @", "LÖSENORD: @", "contraseña: @"),
    *("mot_de_passe=@", "clé secrète : @", "clave secreta: @", "Geheimschlüssel: @"),
    *(
        "API-Schlüssel: @",
        "clé API : @",
        "clé d’API : @",
        "clave API: @",
        "chave de API = @",
        "chiave API: @",
    ),
    *(
        "パスワード: @",
        "APIキー：@",
        "密码: @",
        "密碼：@",
        "пароль: @",
        "Пароль = @",
        "비밀번호: @",
        "סיסמה: @",
    ),
    *('{"密码":"@"}', "{ 'пароль': '@' }", "password：@", "RUNWAY_API_KEY：@", "authorization：Bearer @"),
)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("written", PAIRED)
def test_a_value_is_masked_where_its_name_stands_apart_from_it(written: str, disguise: str) -> None:
    value = Maker(random.Random(5)).of(LETTERS, 40)
    assert value not in redact(DISGUISES[disguise](written.replace("@", value)))


@pytest.mark.parametrize("disguise", [each for each in DISGUISES if each != "in a query"])
@pytest.mark.parametrize("written", TYPED)
def test_what_is_secret_in_a_command_is_masked(written: str, disguise: str) -> None:
    goes_on = disguise in (
        "in a sentence",
        "in a terminal's colours",
    )  # in words, as help does: `--token given`
    for value in (
        Maker(random.Random(6)).of(LETTERS, 24),
        "hunter2",
        "hunter2" if goes_on else "onlyletters",
    ):
        told = redact(DISGUISES[disguise](written.replace("@", value)))
        assert value not in told
        assert "https" in told or "https" not in written


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("written", PROSE)
def test_a_secret_is_masked_where_people_write_of_it(written: str, disguise: str) -> None:
    value = Maker(random.Random(8)).of(LETTERS, 32)
    assert value not in redact(DISGUISES[disguise](written.replace("@", value)))


@pytest.mark.parametrize("field", ["password", "api_key", "runwayToken"])
def test_what_was_typed_into_a_field_of_a_form_in_parts_is_masked(field: str) -> None:
    for end in ("\r\n", "\n"):
        part = f'Content-Disposition: form-data; name="{field}"{end}{end}hunter2-and-more{end}--x--'
        assert "hunter2" not in redact(part)
        assert "a long walk" in redact(
            part.replace(field, "prompt").replace("hunter2-and-more", "a long walk")
        )


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("written", SIGNED)
def test_no_part_of_a_secret_is_left_behind_the_part_that_was_masked(written: str, disguise: str) -> None:
    for value in (Maker(random.Random(7)).of(HEX, 64), Maker(random.Random(7)).of(BASE64, 43) + "="):
        told = redact(DISGUISES[disguise](written.replace("@", value)))
        assert value not in told
        assert quote(value, safe="") not in told


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("written", ABROAD)
def test_a_secret_is_masked_whatever_language_its_name_is_in(written: str, disguise: str) -> None:
    for seed in range(20):
        value = Maker(random.Random(seed)).of(LETTERS, 12)
        assert value not in redact(DISGUISES[disguise](written.replace("@", value)))


def test_text_behind_a_secret_is_kept_where_no_space_divides_them() -> None:
    assert redact("密码：abcd1234，视频生成失败") == "密码：[redacted]，视频生成失败"
    assert redact("password：abcd1234，视频生成失败") == "password：[redacted]，视频生成失败"


HARMLESS = (
    "code=ECONNREFUSED",
    "authorization: missing",
    "password: required",
    "state=ok",
    "token: undefined",
    "1.2.3.4 build 77",
    "next@14.2.3 with react@18.3.1",
    "video 3f2a9c10-11aa-4b2c-9d3e-001122334455 of task 17f20503-6c24-4c16-946b-35dbbce2af2f",
    "requestId: iad1::x7k2p-1768302600000-9f2c41aa03de",
    "deployment dpl_8nXwPq2RrTtYyUuIiOoPpAaSsDd",
    "A video in which somebody types a password and forgets the token.",
    "ER_DUP_KEY: Can't write; duplicate key in table 'videos1'",
    "cache_key=videos:page:12:sort:created and CACHE_KEY=short1",
    "Chrome/120.0.0.0 Safari/537.36 at std::deque::push_back",
    "errorCode: 'P2002', meta: { target: ['email'] }",
    # a name without a value, and a value whose name is no secret's
    '{"key":"NODE_ENV","value":"production-2"},{"key":"RUNWAY_API_KEY"}',
    '[{"key":"RUNWAY_API_KEY","type":"encrypted"},{"key":"MODEL","value":"gen4_turbo_2025"}]',
    '{"name":"prompt","value":"a dog that forgets its password in 2049"}',
    '{"name":"output_tokens","value":1764470731031}',
    '{"name":"x-api-key","value":null}',
    "{ name: 'x-vercel-id', value: 'iad1::x7k2p-1768302600000-9f2c41aa03de' }",
    "- name: DB_PASSWORD\n  valueFrom: secrets-2\n- name: MODEL\n  value: gen4_turbo_2025",
    "<title>Reset of a password</title> <token></token> <p>token</p>",
    "RUNWAY_API_KEY -> missing",
    "RUNWAY_API_KEY\tEncrypted\tProduction, Preview\t12d ago",
    "| RUNWAY_API_KEY | Production | 2025-11-12T09:00:00Z |",
    "invalid token\t97d25ccf-7ae1-4f57-a5d7-bd49d4004691",
    "refresh_token -> 97d25ccf-7ae1-4f57-a5d7-bd49d4004691",
    "cache_key -> videos/page/12/sort/created, foreign_key | videos.user_id_2025",
    "Missing API key | task 97d25ccf-7ae1-4f57-a5d7-bd49d4004691",
    "Missing RUNWAY_API_KEY | requestId=x7k2p-1768302600000",
    # commands, and what is said of them
    "docker run -u 1000:1000 app, then id -u",
    "curl https://api.example.com/v1 && docker run -u 1000:1000 app",
    "unknown option --token given; use --password to sign in, or pass --token instead.",
    "vercel --token $VERCEL_TOKEN --password PASSWORD_OF_DB",
    "docker build --secret id=npmrc1234 --password-stdin --token-file /run/token1",
    "a dog -- token of friendship -- runs",
    "docker run -p 8080:80 -a stdout mysql:8",
    "mysql -u root -p -h db, then redis-cli ping",
    "machine learning, a login page, and its password reset",
    # what is said of keys, and ids behind it
    "the key is missing, the token is expired, the password is required, the secret is out",
    "the key is 97d25ccf-7ae1-4f57-a5d7-bd49d4004691",
    "the key is renders/2026/11/97d25ccf-7ae1-4f57-a5d7-bd49d4004691.mp4",
    "the key is renders/01ARZ3NDEKTSV4RRFFQ69G5FAV.mp4, our key is cjld2cjxh0000qzrmn831i7rn.jpg",
    "our key is clip-4711-version-20261120, the token is over 1000 characters",
    "duplicate key value violates unique constraint; primary key is id",
    "API key is for another product, API key provided is not valid",
    "https://files.example.com/?key=renders/2026/97d25ccf-7ae1-4f57-a5d7-bd49d4004691.mp4",
    "https://app.example.com/?session=97d25ccf-7ae1-4f57-a5d7-bd49d4004691",
    "at undici:13510:13 of app.js:1234:56 in node:internal:process:exit",
    # what begins like a token
    "patterns.0a1b2c3d4e5f and pat-na1 and npg_users and live_2026 and pul-request",
    "task_0a1b2c3d4e5f6a7b8c9d0e1f2a3b and disk_abcdef0123456789abcdef",
    "sk_abcdefabcdefabcdefabcdef and dp.st. are names",
    # prose and names in other languages
    "密码：「芝麻开门」，一个很长很长没有任何空格的句子讲的是一只忘了密码的狗在海边奔跑",
    "APIキー：これはとても長い文で空白がなく犬が浜辺を走りながらパスワードを思い出そうとしている",
    "password：一个很长很长没有任何空格的句子讲的是一只忘了密码的狗在海边奔跑",
    "пароль: шепчут сторожу у ворот",
    'Пароль: "неверный пароль 12"',
    "mot de passe : obligatoire, clé API : manquante",
    "API-Schlüssel: fehlt, API-Schlüssel: undefined, 密码: null, пароль: RUNWAY_API_KEY",
    "プロンプト: dog2025 と 视频: be10ad4c-ad5c-4ed2-820d-bf57b9feb228",
)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_left_alone(text: str, disguise: str) -> None:
    said = DISGUISES[disguise](text)
    assert redact(said) == said


NASTY = (
    *(
        "card",
        "apikey",
        "password",
        "code.",
        "://:a",
        "bearer+!",
        "cookie:",
        "authorization: ",
        "key_",
        "eyJ",
    ),
    *(
        "a@",
        "1.1.",
        "token='",
        "%25",
        "\\\\",
        "::",
        "4 ",
        "-----BEGIN PRIVATE KEY-----\n",
        "state=",
        "&quot;",
    ),
    *("DE00 ", "digest a=", "basic ", "sk-", "0-", "\nab", "?code=", "://a:", "pass ", "secret => "),
    "'authorization', '",
    *("value:'", 'value="', "name:token,value:", "value=", "key:", "name='a' ", '{"value":"', "- "),
    *("--token", "--", "--a-", "-ux:", "curl -u x:", "curl ", "curl", "-u", "signature:v1=", "v1,abcdefgh "),
    *("<token>", "token>", "_key\t", "_token -> ", "_pass | ", "密码：", "пароль:", "：", "?:", "api鍵"),
    *(
        " -p",
        "mysql -p",
        " -px",
        "setx ",
        "machine a login b password ",
        ":5432:a:b:",
        "the key is ",
        "key is",
    ),
    *("api key ", 'name="password"\n\n', 'name="', "pat", "-us21", ".atlasv1.", "access_token$a$", "?key=a1"),
    *("</key><string>", "Some(", "password is a1", "jdbc:oracle:thin:a/"),
    *("sk_ab_", "sk_00", "dp.st.", "mot de passe ", "clé api", "パスワード"),
)


@pytest.mark.parametrize("piece", sorted({*NASTY, *WORDS}))
def test_redaction_takes_time_in_proportion_to_the_text(piece: str) -> None:
    number = itertools.count()  # answers are remembered
    text = piece * (4_000 // len(piece) + 1)
    assert grows_too_fast(lambda said: redact(f"{next(number)}{said}"), text) is None
