"""What a notice of the quarantine says, by language: subject and text (row AV09)."""

from __future__ import annotations

WORDS = {
    "en": (
        "A message to you was kept in the quarantine",
        "A message to {recipient} was not put into your mailbox, because this server found something dangerous in it.\n"
        "\nFrom: {sender}\nReceived: {when}\nFound by {checks}\n\n"
        "It is kept in the quarantine of this server. If you expected this message and think that it is harmless,\n"
        "ask your administrator to look at it, and name this number: {id}\n\n"
        "This notice was sent by {hostname}. Nobody reads answers to it.\n",
    ),
    "de": (
        "Eine Nachricht an Sie wurde in Quarantäne genommen",
        "Eine Nachricht an {recipient} wurde nicht in Ihr Postfach gelegt, weil dieser Server etwas Gefährliches\n"
        "darin gefunden hat.\n\nVon: {sender}\nEingegangen: {when}\nGefunden von {checks}\n\n"
        "Sie liegt in der Quarantäne dieses Servers. Wenn Sie diese Nachricht erwartet haben und sie für harmlos\n"
        "halten, bitten Sie Ihren Administrator, sie anzusehen, und nennen Sie diese Nummer: {id}\n\n"
        "Diese Meldung kommt von {hostname}. Antworten darauf liest niemand.\n",
    ),
    "ja": (
        "あなた宛てのメッセージが隔離されました",
        "{recipient} 宛てのメッセージから危険なものが見つかったため、メールボックスに配信しませんでした。\n"
        "\n差出人: {sender}\n受信日時: {when}\n検出: {checks}\n\n"
        "メッセージはこのサーバーの隔離領域に保管されています。心当たりがあり、安全だと思われる場合は、\n"
        "次の番号を添えて管理者に確認を依頼してください: {id}\n\n"
        "この通知は {hostname} から送信されました。返信は誰も読みません。\n",
    ),
    "zh-TW": (
        "一封寄給您的郵件已被隔離",
        "此伺服器在寄給 {recipient} 的郵件中發現危險內容，因此未放入您的信箱。\n"  # noqa: RUF001
        "\n寄件者：{sender}\n收到時間：{when}\n偵測：{checks}\n\n"  # noqa: RUF001
        "該郵件保存在此伺服器的隔離區。如果您正在等這封郵件並認為它無害，\n"  # noqa: RUF001
        "請向管理員提供此編號，請其查看：{id}\n\n"  # noqa: RUF001
        "此通知由 {hostname} 寄出。回覆不會有人閱讀。\n",
    ),
}
