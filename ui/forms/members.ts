import type { InjectionKey, Ref } from 'vue'
import { t } from '../shared/i18n'
import { parsed } from '../shared/mailbox'
import type { Slice } from '../shared/paged'
import type { Item } from './items'

/** Members of an alias are kept as user:NAME, group:NAME, alias:NAME, or an address of another server. */
export const KINDS = ['user', 'group', 'alias'] as const
export type Kind = (typeof KINDS)[number]

/** Who can be a member. status: of a user; users: how many are in a group. */
export interface Candidate {
  member: string
  name: string
  full_name: string
  status: '' | 'normal' | 'deactivated' | 'unsupported'
  users: number
}

export type LoadCandidates = (
  kind: 'user' | 'group',
  search: string,
  offset: number,
  limit: number,
  signal?: AbortSignal,
) => Promise<Slice<Candidate>>

/** Whoever shows a form with members says where users and groups are read from. */
export const CANDIDATES: InjectionKey<LoadCandidates> = Symbol('candidates')
/** The items of the list whose item is edited. */
export const SIBLINGS: InjectionKey<Ref<Item[]>> = Symbol('siblings')

export const kindOf = (member: string): Kind | null =>
  KINDS.find((kind) => member.startsWith(`${kind}:`)) ?? null

export const nameOf = (member: string): string => {
  const kind = kindOf(member)
  return kind ? member.slice(kind.length + 1) : member
}

/** A member in words: users and addresses by their name, the others with what they are. */
export function memberInWords(member: string): string {
  const kind = kindOf(member)
  return kind === 'group' || kind === 'alias'
    ? t(`members.as_${kind}`, { name: nameOf(member) })
    : nameOf(member)
}

/** The members with those of one kind, or the addresses (null), replaced. */
export const withKind = (members: string[], kind: Kind | null, now: string[]): string[] => [
  ...members.filter((member) => kindOf(member) !== kind),
  ...now,
]

const ASCII = /^[ -~]*$/
const localOf = (address: string) => address.slice(0, address.lastIndexOf('@'))

/** Whether it is an address of another server that can be a member, as src/mailroom/core/address.py foreign() says. */
export const isAddress = (text: string): boolean => {
  const found = parsed(text)
  return found !== null && !/^"?[-/|:\\]/.test(found.address) && ASCII.test(localOf(found.address))
}
