import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue'
import { timeOfDay } from '../shared/format'
import { t } from '../shared/i18n'
import { Problem, UNREACHABLE, problemOf } from '../shared/problem'
import type { Draft, Version } from './drafts'
import * as local from './localDrafts'
import { api, session } from './session'

export interface Saved {
  version: Version
  message_id: string
  is_second: boolean
}

const PAUSE_MS = 2_500
const AGAIN_MS = 10_000
const LOCAL_MS = 400

/** What a save sends of a draft. */
export function saveFacts(draft: local.Written & { version: Version | null; attempts: string[] }) {
  const { to, cc, bcc, subject, html, text, files, source, references, message_id, version, attempts } = draft
  return {
    to,
    cc,
    bcc,
    subject,
    html,
    text,
    attachments: files.map((file) => file.id),
    reply_to: source,
    references,
    message_id,
    replaces: version,
    attempts: attempts.slice(-100),
  }
}

/** Keeps one draft in Drafts and in this browser. `written`: what there is now. */
export function useSaving(draft: Draft, user: string, written: () => local.Written) {
  const id = draft.local || local.newId()
  const state = ref<'untouched' | 'changed' | 'saving' | 'saved'>(draft.version ? 'saved' : 'untouched')
  const problem = shallowRef<Problem | null>(null)
  const isSecond = ref(false)
  const isLocal = ref(false)
  const savedAt = ref<Date | null>(null)
  let version = draft.version
  let attempts = [...draft.attempts]
  let messageId = draft.message_id
  let dirty = false
  let ended = false
  let stored = ''
  let flight: Promise<boolean> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let localTimer: ReturnType<typeof setTimeout> | undefined

  const now = (): local.LocalDraft => ({
    ...written(),
    message_id: messageId,
    id,
    user,
    version,
    attempts,
    dirty,
    changed: Date.now(),
  })

  /** At once into the browser: before the page goes, and before each save. */
  function storeLocally(): void {
    clearTimeout(localTimer)
    if (!ended && (dirty || version)) isLocal.value = local.store(now())
  }

  function touch(): void {
    if (ended) return
    dirty = true
    if (state.value !== 'saving') state.value = 'changed'
    clearTimeout(localTimer)
    localTimer = setTimeout(storeLocally, LOCAL_MS)
    plan(PAUSE_MS)
  }

  function plan(pauseMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void save(), pauseMs)
  }

  /** Whether all that was written is in Drafts now. */
  async function save(): Promise<boolean> {
    clearTimeout(timer)
    while (flight) await flight
    if (!dirty || ended) return !dirty
    flight = once().finally(() => (flight = null))
    return flight
  }

  async function once(): Promise<boolean> {
    // An editor reports more than what a person has changed.
    const content = JSON.stringify(written())
    if (version && content === stored) {
      dirty = false
      state.value = 'saved'
      return true
    }
    dirty = false
    state.value = 'saving'
    const token = local.newId()
    const facts = { ...saveFacts({ ...written(), message_id: messageId, version, attempts }), token }
    attempts = [...attempts, token]
    // Before it is sent: whoever opens this copy after a crash knows of the save whose answer never came.
    dirty = true
    storeLocally()
    dirty = false
    try {
      take(await api.post<Saved>('drafts', facts))
      stored = content
      return !dirty
    } catch (reason) {
      dirty = true
      problem.value = problemOf(reason)
      state.value = 'changed'
      storeLocally()
      if (!ended) plan(AGAIN_MS)
      return false
    }
  }

  function take(saved: Saved): void {
    version = saved.version
    messageId = saved.message_id
    attempts = []
    if (saved.is_second) isSecond.value = true
    problem.value = null
    savedAt.value = new Date()
    state.value = dirty ? 'changed' : 'saved'
    storeLocally()
  }

  /** Nothing more is saved, and nothing is left in this browser: it was sent, discarded, or is in Drafts. */
  function end(keepHere = false): void {
    ended = true
    clearTimeout(timer)
    clearTimeout(localTimer)
    local.release(id)
    if (!keepHere) local.remove({ user, id })
  }

  const words = computed(() => {
    if (problem.value && state.value !== 'saving') {
      const why = problem.value.code === UNREACHABLE ? t('compose.no_connection') : problem.value.message
      return t(isLocal.value ? 'compose.not_saved_here' : 'compose.not_saved', {
        why: why.replace(/\.$/, ''),
      })
    }
    if (state.value === 'saving') return t('compose.saving')
    if (state.value === 'saved' && savedAt.value)
      return t('compose.saved', { time: timeOfDay(savedAt.value) })
    return ''
  })

  const leaving = () => storeLocally()
  const online = () => problem.value && plan(0)
  onMounted(() => {
    local.claim(id)
    if (draft.changed) touch()
    else if (version) storeLocally()
    addEventListener('pagehide', leaving)
    addEventListener('online', online)
  })
  onBeforeUnmount(() => {
    removeEventListener('pagehide', leaving)
    removeEventListener('online', online)
    if (!ended) {
      storeLocally()
      end(true)
    }
  })
  // Signed in again: what could not be saved meanwhile.
  watch(session, (known) => known && problem.value && plan(0))

  return {
    state,
    problem,
    words,
    isSecond,
    isLocal,
    touch,
    save,
    storeLocally,
    end,
    now,
    version: () => version,
    /** A send is a save, too: the same names for it, and its answer is taken the same way. */
    sending: async () => {
      clearTimeout(timer)
      while (flight) await flight
      const token = local.newId()
      const facts = { ...saveFacts({ ...written(), message_id: messageId, version, attempts }), token }
      attempts = [...attempts, token]
      // The server stores it under this name: whoever opens this copy after a crash makes no second draft of it.
      storeLocally()
      return facts
    },
  }
}

export type Saving = ReturnType<typeof useSaving>
