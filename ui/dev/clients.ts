import type { Reply } from './mock'

const HOST = 'mail.example.com'
const way = (id: string, kind: string, title: string, port: number, security: string, enabled = true) => ({
  id,
  kind,
  title,
  enabled,
  usable: enabled,
  host: HOST,
  port,
  security,
})

/** How mail programs are set up, as the server tells it. */
export function clients(own: { user: string; address: string; full_name: string }): Reply {
  const address = (id: string, client: string, url: string, state: string) => ({
    id,
    client,
    url,
    state,
    needs: new URL(url).hostname,
  })
  return {
    json: {
      hostname: HOST,
      domain: 'example.com',
      protocols: [
        way('imaps', 'imap', 'IMAP', 993, 'tls'),
        way('imap', 'imap', 'IMAP', 143, 'starttls'),
        way('pop3s', 'pop3', 'POP3', 995, 'tls', false),
        way('pop3', 'pop3', 'POP3', 110, 'starttls', false),
        way('smtps', 'smtp', 'SMTP', 465, 'tls'),
        way('submission', 'smtp', 'SMTP', 587, 'starttls'),
      ],
      incoming: 'imaps',
      outgoing: 'smtps',
      user_names: [],
      advice: [],
      addresses: [
        address('autoconfig', 'thunderbird', 'https://autoconfig.example.com/mail/config-v1.1.xml', 'here'),
        address(
          'well_known',
          'thunderbird',
          'https://example.com/.well-known/autoconfig/mail/config-v1.1.xml',
          'here',
        ),
        address(
          'autodiscover',
          'outlook',
          'https://autodiscover.example.com/autodiscover/autodiscover.xml',
          'here',
        ),
        address(
          'autodiscover_domain',
          'outlook',
          'https://example.com/autodiscover/autodiscover.xml',
          'elsewhere',
        ),
        address('profile', 'apple', 'https://mail.example.com/mail/mailroom.mobileconfig', 'unknown'),
      ],
      srv: [],
      own: { ...own, active: true },
    },
  }
}
