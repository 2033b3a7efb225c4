import { onScopeDispose } from 'vue'
import { api } from '../session'
import type { Answers, SetupFacts } from './types'

const PAUSE_MS = 700

/** Keeps the answers at the server, one request at a time, so that an older draft never overwrites a newer one. */
export function useDraft(current: () => { answers: Answers; step: string }) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let saving: Promise<void> | null = null
  let again = false
  let ended = false

  /** Keep it when typing pauses. */
  function soon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void now(), PAUSE_MS)
  }

  /** Keep it now. A server that cannot be reached is told by the checks; the next change keeps it all. */
  function now(): Promise<void> {
    clearTimeout(timer)
    if (ended) return Promise.resolve()
    again = saving !== null
    saving ??= save().finally(() => (saving = null))
    return saving
  }

  async function save(): Promise<void> {
    do {
      again = false
      await api.post<SetupFacts>('setup/draft', current()).catch(() => undefined)
    } while (again && !ended)
  }

  /** No more saving: what is under way is waited for, so that nothing comes after what follows. */
  async function end(): Promise<void> {
    clearTimeout(timer)
    ended = true
    await saving
  }

  const resume = () => void (ended = false)

  onScopeDispose(() => {
    clearTimeout(timer)
    ended = true
  })
  return { soon, now, end, resume }
}
