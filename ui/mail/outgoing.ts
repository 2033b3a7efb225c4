import { dismissToast, toast } from '../kit/toasts'
import { t } from '../shared/i18n'
import { told } from '../shared/told'
import { problemOf } from '../shared/problem'
import type { Version } from './drafts'
import { api } from './session'

/** A message that was given for sending. */
export interface Outgoing {
  message_id: string
  subject: string
  state: 'held' | 'sending' | 'sent' | 'failed' | 'interrupted' | 'draft'
  problem: { message: string; next?: string } | null
  draft: Version | null
  undo_s: number
  may_have_left: boolean
}

export const UNDO_S = 10
const LOOK_MS = 1_000
const LOOKS = 120

export const readOutgoing = async (): Promise<Outgoing[]> =>
  (await api.get<{ messages: Outgoing[] }>('outgoing')).messages

/** Why a message that was given for sending is still a draft, in a sentence. */
export function whyNotSent(one: Outgoing): string {
  if (one.state === 'failed') {
    return [one.problem?.message, one.problem?.next]
      .filter(Boolean)
      .map((text) => told(text))
      .join(' ')
  }
  return t(one.may_have_left ? 'outgoing.may_have_left' : 'outgoing.interrupted')
}

/** Offer to take a message back while it waits, and say what became of it. */
export function followOutgoing(
  held: Outgoing,
  act: { reopen: (uid: number) => unknown; sent: () => unknown; failed: (one: Outgoing) => unknown },
): void {
  let taken = false
  const shown = toast(
    t('compose.held'),
    'good',
    {
      label: t('undo'),
      key: 'z',
      run: async () => {
        taken = true
        try {
          const back = await api.post<Outgoing>('outgoing/undo', { message_id: held.message_id })
          if (back.draft) await act.reopen(back.draft.uid)
        } catch (reason) {
          taken = false
          toast(problemOf(reason).told, 'bad')
        }
      },
    },
    held.undo_s * 1000,
  )
  setTimeout(() => void look(LOOKS), held.undo_s * 1000 + 300)

  async function look(times: number): Promise<void> {
    if (taken) return
    dismissToast(shown)
    const found = await readOutgoing().catch(() => null)
    const one = found?.find((other) => other.message_id === held.message_id)
    if (taken) return
    if (one?.state === 'sent') {
      toast(t('compose.sent'))
      act.sent()
    } else if (one?.state === 'failed' || one?.state === 'interrupted') act.failed(one)
    else if ((!found || one) && times > 0) setTimeout(() => void look(times - 1), LOOK_MS)
  }
}
