import { computed, ref, shallowRef } from 'vue'
import { createApi } from '../shared/api'
import { EventStream } from '../shared/events'
import { problemOf, type Problem } from '../shared/problem'
import type { Session } from './types'

export const session = shallowRef<Session | null>(null)
/** Whose mailbox is on screen: it stays while the same person has to sign in again, with all that was being written. */
export const person = shallowRef<Session | null>(null)
export const asking = ref(true)
export const startProblem = shallowRef<Problem | null>(null)
export const ended = computed(() => person.value !== null && session.value === null)

export const api = createApi({
  headers: (): Record<string, string> => (session.value ? { 'X-CSRF-Token': session.value.csrf } : {}),
  signedOut: () => {
    session.value = null
    stream.close()
  },
})
export const stream = new EventStream(() => 'api/events', () => void lookWhetherSignedOut())

/** Nobody's mail stays on screen after the session was ended elsewhere, also when nothing is done here. */
async function lookWhetherSignedOut(): Promise<void> {
  if (!session.value) return
  try {
    await api.get<Session>('session')
  } catch {
    // A 401 has been taken care of (signedOut above); all else the stream's next attempt will show.
  }
}

function enter(fresh: Session): void {
  session.value = fresh
  if (person.value?.user !== fresh.user) person.value = fresh
  stream.open()
}

/** Whether somebody is signed in already. */
export async function resume(): Promise<void> {
  asking.value = true
  startProblem.value = null
  try {
    enter(await api.get<Session>('session'))
  } catch (reason) {
    const problem = problemOf(reason)
    if (problem.status !== 401) startProblem.value = problem
  } finally {
    asking.value = false
  }
}

export async function signIn(user: string, password: string): Promise<void> {
  enter(await api.post<Session>('session', { user, password }))
}

export async function signOut(): Promise<void> {
  await api.remove('session')
  stream.close()
  // A place is one of this mailbox: whoever signs in next begins at the start.
  history.replaceState(null, '', location.pathname + location.search)
  session.value = null
  person.value = null
}
