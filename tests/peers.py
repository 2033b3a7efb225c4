"""What others put behind Postfix: amavisd-new, Rspamd's milter and clamav-milter.

They come from Debian into a root of their own in the cache, and are laid under the bundle's in the room: the same
Postfix, clamd, Perl, SpamAssassin rules and Rspamd rules as ours, and never in the product.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devtools import bundle as builder
from devtools import cache
from devtools.bundle import X86_64
from mail_chain import Chain
from own_room import bundle

PACKAGES = ("amavisd-new", "clamav-milter")
# As many as spamd has children (daemons/spamd) on a machine with two processors.
AMAVIS_SERVERS = 4
AMAVIS = f"""
use strict;
$myhostname = 'mail.example.com';
$mydomain = 'example.com';
@local_domains_maps = (['.example.com']);
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$MYHOME = '/var/lib/amavis';
$TEMPBASE = "$MYHOME/tmp";
$QUARANTINEDIR = undef;
$pid_file = "$MYHOME/amavisd.pid";
$lock_file = "$MYHOME/amavisd.lock";
$enable_db = 0;
$enable_zmq = 0;
$do_syslog = 0;
$log_level = 0;
$LOGFILE = "$MYHOME/amavisd.log";
$max_servers = {AMAVIS_SERVERS};
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = 10024;
$forward_method = 'smtp:[127.0.0.1]:10025';
$notify_method = $forward_method;
$enable_dkim_verification = 0;
$sa_local_tests_only = 1;
$sa_siteconfigpath = '/data/conf/current/spamd';
$sa_tag_level_deflt = undef;
$sa_tag2_level_deflt = 5;
$sa_kill_level_deflt = 9999;
$final_virus_destiny = D_DISCARD;
$final_bad_header_destiny = D_PASS;
$virus_admin = undef;
$spam_admin = undef;
@av_scanners = (['ClamAV-clamd', \\&ask_daemon, ["CONTSCAN {{}}\\n", '/run/clamav/clamd.sock'],
  qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]);
@av_scanners_backup = ();
1;
"""
TO_AMAVIS = f"""
amavis unix - - n - {AMAVIS_SERVERS} smtp
    -o smtp_data_done_timeout=1200
    -o smtp_send_xforward_command=yes
    -o smtp_tls_security_level=none
127.0.0.1:10025 inet n - n - - smtpd
    -o syslog_name=postfix/back
    -o content_filter=
    -o mynetworks=127.0.0.0/8
    -o smtpd_relay_restrictions=permit_mynetworks,reject
    -o smtpd_recipient_restrictions=
    -o smtpd_tls_security_level=none
    -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters
"""
CLAMAV_MILTER = """
MilterSocket unix:/run/peers/clamav.sock
MilterSocketMode 666
ClamdSocket unix:/run/clamav/clamd.sock
User clamav
Foreground yes
OnInfected Reject
AddHeader Replace
"""
RSPAMD_WORKER = """
worker "rspamd_proxy" {
  bind_socket = "/run/peers/rspamd.sock mode=0666";
  milter = yes;
  timeout = 120s;
  upstream "local" {
    default = yes;
    self_scan = yes;
  }
  count = 2;
}
"""
RSPAMD = "/data/conf/current/rspamd"


def root() -> Path | None:
    """Roots for a room: the bundle over the peers' packages. None without root's rights or a bundle."""
    ours = bundle()
    if ours is None:
        return None

    def build(folder: Path) -> None:
        builder.debian_root(folder / "root", list(PACKAGES), X86_64)

    return Path(f"{ours}:{cache.built('peers', cache.key_of(PACKAGES), build) / 'root'}")


def amavis(roots: Path, scanners: tuple[str, ...], settings: dict[str, Any] | None = None) -> Chain:
    """Postfix -> amavisd-new with SpamAssassin in it, and clamd -> Postfix again -> LMTP."""
    chain = Chain(roots, settings)
    chain.postconf("smtpd_milters =", "content_filter = amavis:[127.0.0.1]:10024")
    with (chain.data_seen / "conf/rev-1/postfix/master.cf").open("a") as file:
        file.write(TO_AMAVIS)
    (chain.data_seen / "amavisd.conf").write_text(AMAVIS)
    chain.execute(
        "sh", "-euc",
        "echo amavis:x:990:990::/var/lib/amavis:/bin/sh >>/etc/passwd; echo amavis:x:990:clamav >>/etc/group;"
        # It drops all groups but its own; clamd's folder and spamd's configuration let in only theirs.
        "chmod 755 /run/clamav; chmod -R a+rX /data/conf/rev-1/spamd;"
        "install -d -o amavis -g amavis -m 750 /var/lib/amavis /var/lib/amavis/tmp;"
        "chown -R amavis /data/spamassassin",
    )  # fmt: skip
    chain.run_all(*scanners)
    chain.spawn("amavis", ("/usr/sbin/amavisd", "-c", "/data/amavisd.conf", "foreground"))
    chain.ready("smtp", "127.0.0.1:10024")
    chain.run_all("postfix")
    return chain


def two_milters(roots: Path, scanners: tuple[str, ...], settings: dict[str, Any] | None = None) -> Chain:
    """Postfix with Rspamd's milter and clamav-milter, both on unix sockets -> LMTP."""
    chain = Chain(roots, settings)
    chain.postconf("smtpd_milters = unix:/run/peers/rspamd.sock, unix:/run/peers/clamav.sock")
    config = chain.data_seen / "conf/rev-1/rspamd/rspamd.conf"
    config.write_text(config.read_text().partition("worker ")[0] + RSPAMD_WORKER)
    (chain.data_seen / "clamav-milter.conf").write_text(CLAMAV_MILTER)
    chain.execute("install", "-d", "-m", "1777", "/run/peers")
    chain.run_all(*scanners)
    variables = (f"--var=LOCAL_CONFDIR={RSPAMD}", "--var=DBDIR=/data/rspamd", "--var=RUNDIR=/run/rspamd")
    chain.spawn(
        "rspamd",
        ("/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "mailroom", "-c", f"{RSPAMD}/rspamd.conf", *variables),
    )
    chain.spawn("clamav-milter", ("/usr/sbin/clamav-milter", "-c", "/data/clamav-milter.conf"))
    for name in ("rspamd", "clamav"):
        chain.ready("milter", f"/run/peers/{name}.sock")
    chain.run_all("postfix")
    return chain
