import { ref, shallowRef } from 'vue'
import { keepFor } from '../kit/kept'
import { createApi, queryText, type Query } from '../shared/api'
import { EventStream } from '../shared/events'
import { problemOf, type Problem } from '../shared/problem'
import { parameters } from '../shared/start'
import { desktop } from './desktop'
import type { Session } from './types'

const ACTIVATION_POLL_MS = 3_000
const RETRY_MS = 5_000

/** DSM's token against cross-site requests: in the window's address, or the desktop around this page has it (DSM 6). */
const token = parameters.get('SynoToken') ?? desktop()?.SYNO?.SDS?.Session?.SynoToken ?? ''
const tokenHeader = (): Record<string, string> => (token ? { 'X-SYNO-TOKEN': token } : {})

export const session = shallowRef<Session | null>(null)
export const sessionProblem = shallowRef<Problem | null>(null)
/** DSM's session has ended while the window was open. */
export const signedOut = ref(false)
/** Grows when the server has been activated: whatever is on screen is then read again. */
export const generation = ref(0)

export const api = createApi({ headers: tokenHeader, signedOut: () => void lookWhetherSignedOut() })
export const stream = new EventStream(
  () => addressOf('events'),
  () => void lookWhetherSignedOut(),
)

/** The address of something that the browser itself fetches: it carries the token where it can set no header. */
export function addressOf(path: string, query: Query = {}): string {
  return `api/${path}${queryText({ ...query, SynoToken: token })}`
}

let timer: ReturnType<typeof setTimeout> | undefined

/** Ask who is signed in and whether the mail services wait for activation; while they do, ask again. */
export async function readSession(): Promise<void> {
  clearTimeout(timer)
  const waited = session.value?.activation
  try {
    const fresh = await ask()
    const healed = sessionProblem.value !== null
    session.value = fresh
    keepFor(fresh.user)
    sessionProblem.value = null
    if (fresh.admin && !fresh.activation && (waited || healed)) start()
    if (fresh.activation) timer = setTimeout(() => void readSession(), ACTIVATION_POLL_MS)
  } catch (reason) {
    // While one waits for activation the server may be away for a moment: it is being restarted.
    if (waited) timer = setTimeout(() => void readSession(), ACTIVATION_POLL_MS)
    else {
      sessionProblem.value = problemOf(reason)
      // Signed out or refused stays so; everything else may heal by itself.
      if (![401, 403].includes(sessionProblem.value.status))
        timer = setTimeout(() => void readSession(), RETRY_MS)
    }
  }
}

/** Something was refused, or the live updates have ended: is there still somebody signed in to DSM? */
async function lookWhetherSignedOut(): Promise<void> {
  if (!session.value || signedOut.value) return
  try {
    await ask()
  } catch (reason) {
    if (problemOf(reason).status !== 401) return
    signedOut.value = true
    stream.close()
  }
}

/** As `api.get`, but a 401 is an answer here and no reason to ask again. */
const ask = (): Promise<Session> => createApi({ headers: tokenHeader }).get<Session>('session')

/** Everything from the start: live updates, and the page on screen. */
function start(): void {
  generation.value++
  stream.open()
}

export async function begin(): Promise<void> {
  await readSession()
  // While the services wait for activation there is nobody who could tell of changes.
  if (session.value?.admin && !session.value.activation) stream.open()
}
