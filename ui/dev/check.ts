import { tell, type Call, type Reply } from './mock'
import { NOW, PAGES, state, type Revision, type Values } from './window-state'

/** A made-up check: before the first one there is none; some of every state; a second one finds the MX record right. */
const DAY_S = 86_400
const RUN_MS = 900
const record = (type: string, name: string, value: string, priority: number | null = null) => ({
  type,
  name,
  value,
  priority,
})
const ITEMS = [
  {
    id: 'mx',
    title: 'MX record',
    go: 'server_management/dns',
    state: 'problem',
    text: 'Mail for example.com goes to 10 mx.example.net, not to mail.example.com.',
    next: 'At your DNS provider, change the MX record to mail.example.com when this server shall receive the mail.',
    found: ['10 mx.example.net'],
    expected: '0 mail.example.com',
    record: record('MX', 'example.com', 'mail.example.com', 0),
  },
  {
    id: 'lists:zen.spamhaus.org',
    title: 'Blocklist zen.spamhaus.org',
    go: 'server_management/check_options',
    state: 'problem',
    text: '203.0.113.25 is on zen.spamhaus.org, so others refuse or mark mail from this server.',
    next: 'Find out what has sent spam and stop it, then ask zen.spamhaus.org to remove the address.',
    found: ['127.0.0.4', 'https://www.spamhaus.org/query/ip/203.0.113.25'],
  },
  {
    id: 'dmarc',
    title: 'DMARC record',
    go: 'server_management/dns',
    state: 'advice',
    text: '_dmarc.example.com has no DMARC record.',
    next: 'At your DNS provider, add the TXT record v=DMARC1; p=none.',
    expected: 'v=DMARC1; p=none',
    record: record('TXT', '_dmarc.example.com', 'v=DMARC1; p=none'),
  },
  {
    id: 'certificate',
    title: 'Certificate',
    state: 'advice',
    text: 'The certificate was made by this server itself: mail programs ask whether to trust it.',
    next: 'Get one from a certificate authority.',
    found: ['mail.example.com', 'localhost'],
    expected: 'mail.example.com',
  },
  {
    id: 'port_in',
    title: 'Port 25 from outside',
    go: 'service/interface',
    state: 'unknown',
    text: 'This server listens on port 25. Whether the router lets port 25 in cannot be told from inside.',
    next: 'Forward port 25 on your router to port 25 of this NAS, then send yourself a mail from another provider.',
  },
  {
    id: 'dkim',
    title: 'DKIM signature',
    state: 'not_set_up',
    text: 'This server does not sign mail with DKIM yet.',
    next: 'Nothing has to be done now: SPF and DMARC vouch for your mail until then.',
  },
  {
    id: 'mta_sts',
    title: 'MTA-STS record',
    go: 'server_management/dns',
    state: 'advice',
    text: 'The record at _mta-sts.example.com has the id of another policy: v=STSv1; id=2026. Servers that know a former one do not ask for this one.',
    next: 'At your DNS provider, change it to v=STSv1; id=12f3ff1012430f658710.',
    found: ['v=STSv1; id=2026'],
    expected: 'v=STSv1; id=12f3ff1012430f658710',
    record: record('TXT', '_mta-sts.example.com', 'v=STSv1; id=12f3ff1012430f658710'),
  },
  {
    id: 'mta_sts_policy',
    title: 'MTA-STS policy',
    go: 'mail_delivery/security',
    state: 'advice',
    text: 'The web server shows no certificate for mta-sts.example.com that others accept (Hostname mismatch), so they do not read the policy.',
    next: 'In Control Panel > Security > Certificate, get a certificate for mta-sts.example.com and choose it under Settings for the web server.',
    expected: 'mta-sts.example.com',
  },
  {
    id: 'tls_rpt:example.org',
    domain: 'example.org',
    title: 'Reports about encryption (TLS-RPT)',
    go: 'server_management/dns',
    state: 'advice',
    text: '_smtp._tls.example.org has no record of TLS-RPT: nobody reports when mail cannot be sent here encrypted.',
    next: 'At your DNS provider, add the TXT record v=TLSRPTv1; rua=mailto:postmaster@example.org.',
    expected: 'v=TLSRPTv1; rua=mailto:postmaster@example.org',
    record: record('TXT', '_smtp._tls.example.org', 'v=TLSRPTv1; rua=mailto:postmaster@example.org'),
  },
  {
    id: 'mx:example.org',
    domain: 'example.org',
    title: 'MX record',
    state: 'right',
    text: 'example.org is right.',
  },
  { id: 'a', title: 'Address record (A)', state: 'right', text: 'mail.example.com is right.' },
  { id: 'clock', title: 'Clock', state: 'right', text: 'The clock agrees with time.google.com.' },
]
const TITLES: Record<string, string> = { port_in: 'Network Interface', mta_sts_policy: 'Security' }
const items = (mended: boolean) =>
  ITEMS.map((one) => ({
    group: 'receiving',
    go: '',
    domain: '',
    go_title: TITLES[one.id] ?? 'Check Options',
    next: '',
    found: [],
    expected: '',
    record: null,
    ...one,
    ...(mended && one.id === 'mx'
      ? { state: 'right', text: 'example.com is right.', next: '', found: [], record: null }
      : {}),
    since: NOW() - 3 * DAY_S,
  }))

function result(mended = false) {
  const found = items(mended)
  const counts: Record<string, number> = { problem: 0, advice: 0, unknown: 0, not_set_up: 0, right: 0 }
  for (const one of found) counts[one.state]!++
  const names = { domain: 'example.com', hostname: 'mail.example.com', address: '203.0.113.25' }
  return { time: NOW() - (mended ? 0 : 4_000), seconds: 2.4, ...names, counts, items: found }
}

let last = result()

function run(): Reply {
  last = result(last.counts.problem === 2)
  setTimeout(() => tell('change', { kind: 'check', id: 1 }), RUN_MS)
  return { json: last }
}

function history(): Reply {
  const changed = [{ id: 'mx', title: 'MX record', domain: '', state: 'problem' }]
  return {
    json: [
      { time: last.time, counts: last.counts, changed: [] },
      { time: last.time - DAY_S, counts: last.counts, changed },
    ],
  }
}

interface Described {
  properties: Record<string, { title: string; 'x-ui': Record<string, unknown> }>
}

function differences() {
  return Object.entries(PAGES).flatMap(([page, { schema, defaults }]) => {
    const described = schema as unknown as Described & { title: string }
    return Object.entries(described.properties).flatMap(([key, field]) => {
      const hints = field['x-ui']
      const suggested = hints.suggested ?? (defaults as Values)[key]
      const value = state.settings[page]![key]
      const same = JSON.stringify(value) === JSON.stringify(suggested)
      if (!hints.effect || same) return []
      const [menu = '', tab = ''] = page.split('.')
      const titles = { title: field.title, page_title: described.title, labels: {}, unit: '' }
      return [{ page, key, menu, tab, value, suggested, effect: hints.effect, ...titles }]
    })
  })
}

function suggestions(): Reply {
  return { json: { revision: state.revisions.length, compared: 18, differences: differences() } }
}

/** record: how a change is remembered. */
export const checkRoutes = (
  record: (who: string, changes: Revision['changes'], note: string) => void,
): [RegExp, string, (call: Call) => Reply][] => [
  [/^check\/doctor$/, 'GET', () => ({ json: last })],
  [/^check\/doctor\/run$/, 'POST', run],
  [/^check\/doctor\/history$/, 'GET', history],
  [/^check\/settings$/, 'GET', suggestions],
  [
    /^check\/settings\/fix$/,
    'POST',
    ({ body }) => {
      const wanted = body.settings as string[] | null
      const changed = differences()
        .filter((one) => !wanted || wanted.includes(`${one.page}.${one.key}`))
        .map(({ page, key, title, value, suggested }) => ({ page, key, title, old: value, new: suggested }))
      const former = state.revisions.length
      record('admin', changed, 'Check Settings: as suggested')
      return { json: { revision: former + 1, changed, reloaded: ['postfix'], took_ms: 380, former } }
    },
  ],
]
