/** The answer of GET api/clients, in the window and in the portal. */
export interface Protocol {
  id: string
  kind: 'imap' | 'pop3' | 'smtp' | 'sieve'
  title: string
  enabled: boolean
  usable: boolean
  host: string
  port: number
  security: 'tls' | 'starttls'
}

export interface Clients {
  hostname: string
  domain: string
  protocols: Protocol[]
  incoming: string | null
  outgoing: string | null
  advice: { code: string; text: string; next: string }[]
  addresses: {
    id: string
    client: string
    url: string
    needs: string
    state: 'here' | 'elsewhere' | 'unknown'
  }[]
  own: { user: string; address: string; full_name: string; active: boolean }
}
