import { t } from '../../shared/i18n'
import { told } from '../../shared/told'
import type { Answers, Choices, Field } from './types'

/** An interface as DSM names it: LAN 1 (192.168.1.102). */
export function interfaceTitle(one: Choices['interfaces'][number]): string {
  const title = one.id === '' ? t('setup.interface_all') : told(one.title)
  const facts = one.up ? one.addresses.join(', ') : t('setup.interface_down')
  return facts ? `${title} (${facts})` : title
}

/** An answer in the words of the form in which it was given. */
export function shownAnswer(field: Field, answers: Answers, choices: Choices): string {
  const value = answers[field]
  if (field === 'start') return t(`setup.start_${value}`)
  if (field === 'account_type') return t(`setup.account_${value}`)
  if (field === 'volume') return choices.volumes.find((one) => one.id === value)?.title ?? value
  if (field === 'interface') {
    const found = choices.interfaces.find((one) => one.id === value)
    return found ? interfaceTitle(found) : value || t('setup.interface_all')
  }
  return value
}
