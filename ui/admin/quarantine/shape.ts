import { listed } from '../../shared/format'
import { t } from '../../shared/i18n'
import { told } from '../../shared/told'

/** The shapes of the quarantine, as the OpenAPI document tells them. */
export interface KeptMessage {
  id: string
  time: number
  sender: string
  from: string
  recipients: string[]
  subject: string
  size: number
  client: string
  login: string
  checks: { check: string; title: string; detail: string }[]
}

export interface Kept {
  total: number
  found: number
  read: number
  messages: KeptMessage[]
}

export interface ShownMessage extends KeptMessage {
  text: string
  from_html: boolean
  cut: boolean
  files: { name: string; type: string }[]
  header: string
}

export interface Released {
  released: string
  recipients: string[]
  refused: { address: string; words: string }[]
}

/** Which check has found what. */
export const findings = (one: KeptMessage): string =>
  listed(
    one.checks.map(({ title, detail }) =>
      detail ? t('quarantine.by', { title: told(title), detail }) : told(title),
    ),
  )
