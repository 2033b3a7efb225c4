import { onScopeDispose, ref, shallowRef } from 'vue'
import { problemOf, type Problem } from '../../shared/problem'
import { api } from '../session'
import type { Answers, Field, Remark, Remarks } from './types'

const PAUSE_MS = 350

/** What the server says of the answers while they are typed. An answer to an older question is never shown. */
export function useChecks(answers: Answers) {
  const remarks = shallowRef<Remarks>({})
  const asked = shallowRef<Answers | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Ask when typing pauses. */
  function soon(): void {
    turn++
    busy.value = true
    clearTimeout(timer)
    timer = setTimeout(() => void now(), PAUSE_MS)
  }

  /** Ask at once; whether there is an answer for what the fields say now. */
  async function now(): Promise<boolean> {
    clearTimeout(timer)
    const mine = ++turn
    const question = { ...answers }
    busy.value = true
    try {
      const found = await api.post<{ fields: Remarks }>('setup/check', { answers: question })
      if (mine !== turn) return false
      remarks.value = found.fields
      asked.value = question
      problem.value = null
    } catch (reason) {
      if (mine === turn) problem.value = problemOf(reason)
    } finally {
      if (mine === turn) busy.value = false
    }
    return mine === turn && problem.value === null
  }

  /** Remarks for a field, the worst first; none while it says something else than what was asked about. */
  function of(field: Field): Remark[] {
    if (asked.value?.[field] !== answers[field]) return []
    const worst = ['problem', 'advice', 'ok']
    return [...(remarks.value[field] ?? [])].sort((a, b) => worst.indexOf(a.level) - worst.indexOf(b.level))
  }

  const wrong = (field: Field): boolean => of(field).some((remark) => remark.level === 'problem')

  onScopeDispose(() => clearTimeout(timer))
  return { remarks, busy, problem, soon, now, of, wrong }
}

export type Checks = ReturnType<typeof useChecks>
