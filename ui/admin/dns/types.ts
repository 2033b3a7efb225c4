/** The shapes of api/dns*, as the OpenAPI document tells them. */
export type RecordState = 'right' | 'wrong' | 'missing' | 'slow' | 'refused' | 'unknown'

export interface DnsRecord {
  id: string
  type: string
  name: string
  value: string
  priority: number | null
  ttl_s: number
  needed: 'required' | 'recommended' | 'optional'
  why: string
  text: string
  next: string
}

export interface DnsRecords {
  domain: string
  hostname: string
  address: string
  address_from: 'interface' | 'dns' | 'given' | 'unknown'
  private: boolean
  dynamic: boolean | null
  /** All domains of this server, the main one first. */
  domains: string[]
  records: DnsRecord[]
}

export interface CheckedRecord extends DnsRecord {
  state: RecordState
  found: string[]
}

export interface DnsCheck {
  name_servers: string[]
  seconds: number
  records: CheckedRecord[]
  relay_advised: boolean
  relay: { text: string; next: string } | null
}

/** What is announced by MTA-STS; none: switched off, but others may know a former policy until then. */
export interface OwnPolicy {
  mode: 'off' | 'none' | 'testing' | 'enforce'
  policy: string
  id: string
  until: number
  domains: { domain: string; url: string; records: { type: string; name: string; value: string }[] }[]
}
