import { t } from '../../shared/i18n'
import { Problem } from '../../shared/problem'
import { api } from '../session'
import type { MessageRecord, MessageSummary } from '../types'

const NEWEST = 20

/** The record of the message with this Message-ID, among the newest of a sender. Raises Problem when there is none. */
export async function journalId(messageId: string, sender: string): Promise<string> {
  const query = { search: sender, offset: 0, limit: NEWEST }
  const { messages } = await api.get<{ messages: MessageSummary[] }>('messages', query)
  for (const { id } of messages) {
    const record = await api.get<MessageRecord>(`messages/${encodeURIComponent(id)}`)
    if (record.message_id === messageId) return id
  }
  throw new Problem(404, { code: 'not_found', message: t('setup.no_record') })
}
