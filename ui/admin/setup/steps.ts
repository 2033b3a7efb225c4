import type { Answers, Field } from './types'

/** The pages of the wizard, in their order, and what is answered on each. */
export const PAGES: { id: string; fields: Field[] }[] = [
  { id: 'start', fields: ['start'] },
  { id: 'server', fields: ['account_type', 'interface', 'volume'] },
  { id: 'names', fields: ['domain', 'hostname', 'public_address'] },
  { id: 'dns', fields: [] },
  { id: 'summary', fields: [] },
  { id: 'finish', fields: [] },
]

export const SUMMARY = PAGES.findIndex((page) => page.id === 'summary')
export const FINISH = PAGES.findIndex((page) => page.id === 'finish')

/** The page on which a field is answered; the first one for a field that nobody knows. */
export const pageOf = (field: string): number =>
  Math.max(
    0,
    PAGES.findIndex((page) => page.fields.includes(field as Field)),
  )

/** The page to come back to. What was never left by Next is begun again, and Apply is not gone back into. */
export function pageFor(step: string): number {
  const found = PAGES.findIndex((page) => page.id === step)
  return Math.min(Math.max(0, found), SUMMARY)
}

/** The names that a server has before its set-up end so; nobody means them. */
const UNSET = /(^|\.)invalid$/

const USUAL: Answers = {
  start: 'new',
  account_type: 'local',
  interface: '',
  domain: '',
  hostname: '',
  volume: '',
  public_address: '',
}

/** What was answered so far, with the usual answers where there is none. */
export function answersFrom(known: Partial<Answers>): Answers {
  const answers = { ...USUAL }
  for (const field of Object.keys(USUAL) as Field[]) {
    const value = known[field]
    if (value && !UNSET.test(value)) answers[field] = value
  }
  return answers
}

/** A setting's value as it is answered here: the setting says "all" where no interface is chosen. */
export const asAnswer = (field: Field, value: string): string =>
  field === 'interface' && value === 'all' ? '' : value

/** The name that most servers have: mail.DOMAIN. */
export const suggestedName = (domain: string): string => (domain.trim() ? `mail.${domain.trim()}` : '')
