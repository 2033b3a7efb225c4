import { t, type Arguments } from '../i18n'
import type { Clients, Protocol } from './types'

/** The mail programs that the page explains, and how many steps each takes (words/clients, steps). */
export const PROGRAMS = [
  { id: 'outlook', steps: 4 },
  { id: 'thunderbird', steps: 4 },
  { id: 'mac', steps: 4, profile: true },
  { id: 'ios', steps: 4, profile: true },
  { id: 'android', steps: 5 },
] as const

/** What to look at when it does not work (guide, chapter 2, Troubleshoot); the second list is an administrator's. */
export const LOOK_AT = ['password', 'protocols', 'certificate', 'router'] as const
export const ADMIN_LOOK_AT = ['time', 'dns', 'blocklist', 'receive', 'reverse'] as const

export const security = (one: Protocol): string => t(`clients.security.${one.security}`)

export const chosen = (facts: Clients, id: string | null): Protocol | undefined =>
  facts.protocols.find((one) => one.id === id)

/** The address to type in: one's own, or the form of it for who has none here. */
export const addressOf = (facts: Clients): string => facts.own.address || `name@${facts.domain}`

/** Where the profile for this person is. A phone must reach it, so it has the server's own name. */
export const profileOf = (facts: Clients): string =>
  `https://${facts.hostname}/mail/mailroom.mobileconfig?emailaddress=${encodeURIComponent(addressOf(facts))}`

/** What the texts of the steps put in. */
export function valuesOf(facts: Clients, incoming: Protocol, outgoing: Protocol): Arguments {
  return {
    address: addressOf(facts),
    kind: incoming.title,
    in_host: incoming.host,
    in_port: String(incoming.port),
    in_security: security(incoming),
    out_host: outgoing.host,
    out_port: String(outgoing.port),
    out_security: security(outgoing),
    ports: facts.protocols
      .filter((one) => one.usable)
      .map((one) => one.port)
      .join(', '),
    domain: facts.domain,
    hostname: facts.hostname,
  }
}
