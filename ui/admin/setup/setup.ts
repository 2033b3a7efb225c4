import { computed, ref, shallowRef } from 'vue'
import { problemOf, type Problem } from '../../shared/problem'
import { api } from '../session'
import type { SetupFacts } from './types'

/** What the server says of its set-up; null until it was asked. */
export const setup = shallowRef<SetupFacts | null>(null)
/** The server does not answer; what was read before stays, and it is asked again. */
export const lost = shallowRef<Problem | null>(null)
/** Whether the wizard is on screen. It opens by itself as long as the server is not set up. */
export const wizardOpen = ref(false)

/** Apply is on its way to the server: what was read before it arrived tells nothing. */
export const sending = ref(false)

export const running = computed(() => setup.value?.job?.state === 'running')

let turn = 0

/** Read it. An answer that comes late is left aside; whether this one was taken. */
export async function readSetup(): Promise<boolean> {
  const mine = ++turn
  try {
    const facts = await api.get<SetupFacts>('setup')
    if (mine !== turn || sending.value) return false
    setup.value = facts
    lost.value = null
    return true
  } catch (reason) {
    if (mine === turn && !sending.value) lost.value = problemOf(reason)
    return false
  }
}

/** What is known before the server has said so itself, as just after Apply was pressed. */
export function expect(facts: Partial<SetupFacts>): void {
  turn++
  if (setup.value) setup.value = { ...setup.value, ...facts }
}

/** Whether the result of Apply is still to be looked at: a page that is loaded anew shows it again. */
const RESULT = 'mailroom.setup.result'

export const result = {
  get waits(): boolean {
    try {
      return sessionStorage.getItem(RESULT) !== null
    } catch {
      return false
    }
  },
  set waits(yes: boolean) {
    try {
      if (yes) sessionStorage.setItem(RESULT, '1')
      else sessionStorage.removeItem(RESULT)
    } catch {
      // A browser that keeps nothing: the result is shown once.
    }
  },
}
