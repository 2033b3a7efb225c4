import type { Suggestion } from '../kit/completion'
import { isAddress, lastBracket, parsed, pieces } from '../shared/mailbox'
import { api } from './session'
import type { Person } from './types'

/** People whose name or address begins so, as the server knows them. */
export async function suggestRecipients(search: string): Promise<Suggestion[]> {
  const found = await api.get<{ recipients: (Person & { kind: string })[] }>('recipients', { search })
  return found.recipients.map((one) => ({
    value: written(one),
    label: one.name || one.address,
    detail: one.name ? one.address : '',
  }))
}

/** The bare address of "Name <address>" or "address". */
export const bare = (recipient: string): string => parsed(recipient)?.address ?? recipient.trim()

/**
 * Recipients in a typed or pasted line, separated by commas, semicolons or line ends. What is within quotes, brackets
 * or parentheses is not; and a comma before an open bracket belongs to the name: Doe, John <jd@example.com>.
 */
export function splitRecipients(text: string): string[] {
  const found: string[] = []
  let current = ''
  let inside = ''
  for (const piece of pieces(text)) {
    if (piece === '<' || piece === '(') inside ||= piece
    else if ((piece === '>' && inside === '<') || (piece === ')' && inside === '(')) inside = ''
    const comma = piece === ',' && !inside && current.trim() && !current.includes('@')
    if (!inside && (piece === ';' || piece === '\n' || (piece === ',' && !comma))) {
      found.push(...named(current))
      current = ''
    } else current += piece
  }
  return [...found, ...named(current)].map((one) => one.trim()).filter(Boolean)
}

/** Commas in a name that has no address behind it part recipients after all. */
function named(text: string): string[] {
  if (text.includes('<') || isAddress(text)) return [text]
  const parts: string[] = ['']
  for (const piece of pieces(text)) {
    if (piece === ',') parts.push('')
    else parts[parts.length - 1] += piece
  }
  return parts
}

/** Whether a comma or semicolon typed behind this text ends a recipient: not within quotes, nor within a name. */
export function ends(text: string, key: string): boolean {
  const open = pieces(text).filter((piece) => piece === '"').length > 0 || lastBracketIsOpen(text)
  return !open && (key !== ',' || isAddress(text))
}

const lastBracketIsOpen = (text: string) => lastBracket(text) > text.lastIndexOf('>')

/** "Name <address>", with the name quoted where it must be. */
export function written({ name, address }: Person): string {
  if (!name || name === address) return address
  const plain = /^[\p{L}\p{N} !#$%&'*+/=?^_`{|}~-]+$/u.test(name)
  return `${plain ? name : `"${name.replace(/(["\\])/g, '\\$1')}"`} <${address}>`
}

export const nameOf = ({ name, address }: Person): string => name || address || '?'

/** The same people, each once, without the ones to leave out. */
export function distinct(people: Person[], without: string[] = []): Person[] {
  const seen = new Set(without.map((address) => address.toLowerCase()))
  return people.filter(({ address }) => {
    const key = address.toLowerCase()
    if (!key || seen.has(key)) return false
    seen.add(key)
    return true
  })
}
