[mailroom_smtp]
title="Mailroom (SMTP)"
desc="Receiving mail from other servers"
port_forward="yes"
dst.ports="25/tcp"

[mailroom_submission]
title="Mailroom (SMTP-SSL, SMTP-TLS)"
desc="Sending mail from mail programs"
port_forward="yes"
dst.ports="465,587/tcp"

[mailroom_imap]
title="Mailroom (IMAP)"
desc="Reading mail with mail programs"
port_forward="yes"
dst.ports="143,993/tcp"

[mailroom_pop3]
title="Mailroom (POP3)"
desc="Fetching mail with mail programs"
port_forward="no"
dst.ports="110,995/tcp"

[mailroom_managesieve]
title="Mailroom (ManageSieve)"
desc="Editing Sieve rules with mail programs"
port_forward="no"
dst.ports="4190/tcp"
