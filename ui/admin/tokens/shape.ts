/** A token as api/tokens tells of it. `used` and `used_from`: when it was last used, and from where. */
export interface Token {
  id: string
  name: string
  maker: string
  scopes: string[]
  created: number
  expires: number
  used: number | null
  used_from: string
  state: 'valid' | 'expired' | 'dead'
}

export interface Tokens {
  tokens: Token[]
  scopes: { scope: string; routes: string[] }[]
  days_max: number
}

export interface NewToken {
  name: string
  scopes: string[]
  days: number
}

/** {area, what}[] of the scopes there are, area by area: ["read", "change"] or less. */
export function areasOf(scopes: string[]): { area: string; whats: string[] }[] {
  const found = new Map<string, string[]>()
  for (const scope of scopes) {
    const [area = '', what = ''] = scope.split(':')
    found.set(area, [...(found.get(area) ?? []), what])
  }
  return [...found].map(([area, whats]) => ({ area, whats }))
}
