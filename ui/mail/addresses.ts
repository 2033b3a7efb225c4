import type { Person } from './types'

/** A mail address as it may be typed; the server has the last word. */
const ADDRESS = /^[^\s@<>(),;:\\"[\]]+@[^\s@<>(),;:\\"[\]]+\.[^\s@<>(),;:\\"[\].]+$/
const NAMED = /^\s*("(?:[^"\\]|\\.)*"|[^<>"]*)\s*<([^<>]+)>\s*$/

/** The bare address of "Name <address>" or "address". */
export function bare(recipient: string): string {
  return (NAMED.exec(recipient)?.[2] ?? recipient).trim()
}

export const isAddress = (recipient: string): boolean => ADDRESS.test(bare(recipient))

/** Recipients in a typed or pasted line: separated by commas, semicolons or line ends, but not inside quotes. */
export function splitRecipients(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,;\n"])+/g) ?? []
  return parts.map((part) => part.trim()).filter(Boolean)
}

/** "Name <address>", with the name quoted where it must be. */
export function written({ name, address }: Person): string {
  if (!name || name === address) return address
  const plain = /^[\p{L}\p{N} !#$%&'*+/=?^_`{|}~-]+$/u.test(name)
  return `${plain ? name : `"${name.replace(/(["\\])/g, '\\$1')}"`} <${address}>`
}

export const nameOf = ({ name, address }: Person): string => name || address || '?'

/** The same people, each once, without the one to leave out. */
export function distinct(people: Person[], without: string[] = []): Person[] {
  const seen = new Set(without.map((address) => address.toLowerCase()))
  return people.filter(({ address }) => {
    const key = address.toLowerCase()
    if (!key || seen.has(key)) return false
    seen.add(key)
    return true
  })
}
