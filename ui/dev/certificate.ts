import { tell, type Call, type Reply } from './mock'
import { NOW, state } from './window-state'

/** Made-up certificates: the one of the first day in force; what is uploaded takes its place. */
const DAY_S = 86_400
const HOSTNAME = 'mail.example.com'

interface Made {
  id: string
  [fact: string]: unknown
}

const step = (name: string, issuer: string, days: number) => ({ name, issuer, ends: NOW() + days * DAY_S })
const made = (id: string, how: string, issuer: string, days: number, chain: unknown[]): Made => ({
  id,
  source: how === 'own' ? 'self_signed' : 'uploaded',
  time: NOW() - 20 * DAY_S,
  who: how === 'own' ? 'Mailroom' : 'anna',
  state: how,
  names: [HOSTNAME, ...(how === 'own' ? ['localhost'] : ['autodiscover.example.com'])],
  issuer,
  begins: NOW() - 40 * DAY_S,
  ends: NOW() + days * DAY_S,
  days,
  key: 'ECDSA P-256',
  chain,
  fingerprint: '5f0c92ab'.repeat(8),
})
const fresh = () =>
  made('4', 'valid', 'Example Trust', 360, [
    step(HOSTNAME, 'Example Trust R3', 360),
    step('Example Trust R3', 'Example Trust Root', 1800),
  ])
let current = made('3', 'own', HOSTNAME, 780, [step(HOSTNAME, HOSTNAME, 780)])
let earlier = [
  made('2', 'soon', 'Example Trust', 9, [step(HOSTNAME, 'Example Trust R3', 9)]),
  made('1', 'ended', 'Example Trust', -60, [step(HOSTNAME, 'Example Trust R3', -60)]),
]

const known = (): Reply => {
  const services = [
    { service: 'SMTP', port: 25 },
    { service: 'SMTP', port: 465 },
    { service: 'SMTP', port: 587 },
    { service: 'IMAP', port: 993 },
  ]
  return { json: { hostname: HOSTNAME, current, earlier, services } }
}

function refused(field: string, message: string): Reply {
  return { status: 422, json: { code: 'invalid', message, field, fields: { [field]: message } } }
}

function judged({ body }: Call): Reply {
  if (!body.key) {
    const message = "Choose the file of the private key: the certificate's file does not hold it."
    return refused('key', message)
  }
  if (!body.chain) return refused('chain', 'The certificate of the issuer “Example Trust R3” is missing.')
  const { names, issuer, ends, chain } = fresh()
  const warnings = body.password ? ['Certificates in the files that do not belong to it are left out.'] : []
  return { json: { names, issuer, ends, chain, warnings } }
}

function put(next: Made): Reply {
  earlier = [current, ...earlier.filter((one) => one.id !== next.id)]
  current = next
  setTimeout(() => tell('change', { kind: 'certificate', id: 1 }), 50)
  return known()
}

const acme = (): Reply => {
  const page = state.settings['service.acme'] ?? {}
  const failed = (page.names as string[] | undefined)?.length
  const text = 'acme-v02.api.letsencrypt.org could not look at mail.example.com: Connection refused'
  const next =
    'Port 80 of this name must lead from the Internet to port 5281 of this NAS; look at router and DNS.'
  const told = failed ? { ok: false, text, next, failures: 3 } : { ok: true, text: '', next: '', failures: 0 }
  const names = [HOSTNAME, ...((page.names as string[]) ?? [])]
  const due = NOW() + (failed ? 4 * 3600 : 60 * DAY_S)
  return { json: { enabled: page.enabled ?? false, names, due, tried: NOW() - 600, ...told } }
}

export const CERTIFICATE_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^certificate$/, 'GET', known],
  [/^certificate\/check$/, 'POST', judged],
  [/^certificate$/, 'POST', () => put(fresh())],
  [/^acme$/, 'GET', acme],
  [/^acme\/get$/, 'POST', acme],
  [/^certificate\/(\d+)\/use$/, 'POST', (_, [, id]) => put(earlier.find((one) => one.id === id)!)],
]
