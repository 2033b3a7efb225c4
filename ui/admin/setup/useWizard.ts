import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { t } from '../../shared/i18n'
import { Problem, problemOf } from '../../shared/problem'
import { api } from '../session'
import { useDraft } from './draft'
import { expect, lost, readSetup, result, sending, setup } from './setup'
import { FINISH, PAGES, SUMMARY, answersFrom, pageFor, pageOf, suggestedName } from './steps'
import type { Field, Job, SetupFacts } from './types'
import { useChecks } from './useChecks'

const FIELDS = PAGES.flatMap((page) => page.fields)
/** Answers of a relay or a server that is just being restarted: whether the request arrived is not known. */
const UNSURE = [0, 502, 503, 504]

/** Where one is in the wizard, what was answered, and what Next, Back and Apply do. */
export function useWizard(first: SetupFacts) {
  const answers = reactive(answersFrom(first.answers))
  answers.volume ||= first.choices.volumes.find((volume) => volume.current)?.id ?? ''
  const goesOn = first.finished || first.job?.state === 'running'
  const failedBefore = first.job?.state === 'failed' && first.step === 'finish'
  const at = ref(goesOn || failedBefore ? FINISH : pageFor(first.step))
  const revision = ref(first.revision)
  const nameEdited = ref(answers.hostname !== '' && answers.hostname !== suggestedName(answers.domain))
  const touched = reactive(new Set<Field>(FIELDS.filter((field) => answers[field] !== '')))
  const busy = ref(false)
  const refused = shallowRef<Problem | null>(null)
  const byOthers = ref(false)
  let mine = false

  const page = computed(() => PAGES[at.value]!)
  const checks = useChecks(answers)
  const draft = useDraft(() => ({ answers: { ...answers }, step: page.value.id }))
  if (at.value < FINISH) void checks.now()

  function answer(field: Field, value: string): void {
    answers[field] = value
    touched.add(field)
    if (field === 'hostname') nameEdited.value = value.trim() !== ''
    if (field === 'domain' && !nameEdited.value) {
      answers.hostname = suggestedName(value)
      touched.add('hostname')
    }
    checks.soon()
    draft.soon()
  }

  function goTo(index: number): void {
    at.value = index
    refused.value = null
    draft.resume()
    void draft.now()
  }

  /** What is wrong with the fields of a page, worst first; asks the server when the newest answer is not there yet. */
  async function allowed(fields: Field[]): Promise<boolean> {
    fields.forEach((field) => touched.add(field))
    busy.value = true
    const answered = await checks.now()
    busy.value = false
    const bad = fields.find(checks.wrong)
    if (!bad) return answered
    at.value = pageOf(bad)
    setTimeout(() => document.getElementById(`setup-${bad}`)?.focus())
    return false
  }

  async function next(): Promise<void> {
    if (page.value.id === 'summary') return apply()
    if (!page.value.fields.length || (await allowed(page.value.fields))) goTo(at.value + 1)
  }

  async function apply(): Promise<void> {
    refused.value = null
    if (!(await allowed(FIELDS))) return
    at.value = FINISH
    await draft.now()
    await draft.end()
    mine = true
    result.waits = true
    expect({ job: { state: 'running', step: null, steps: [], problem: null } })
    sending.value = true
    try {
      const sent = { answers: { ...answers }, revision: revision.value }
      expect(await api.post<{ job: Job }>('setup/apply', sent))
    } catch (reason) {
      const problem = problemOf(reason)
      if (UNSURE.includes(problem.status)) lost.value = problem
      else notStarted(problem)
    } finally {
      sending.value = false
    }
  }

  function notStarted(problem: Problem): void {
    mine = false
    result.waits = false
    expect({ job: null })
    goTo(FIELDS.includes(problem.facts.field as Field) ? pageOf(problem.facts.field!) : SUMMARY)
    refused.value = problem
    setTimeout(() => void readSetup())
  }

  /** Others' answers instead of the own ones, or the own ones although others answered meanwhile. */
  function decide(take: 'mine' | 'theirs'): void {
    const newest = setup.value
    if (!newest) return
    if (take === 'theirs') Object.assign(answers, answersFrom(newest.answers))
    revision.value = newest.revision
    refused.value = null
    void checks.now()
  }

  watch(setup, (facts) => {
    if (!facts || sending.value) return
    const begun = facts.finished || facts.job?.state === 'running'
    if (begun && at.value < FINISH) {
      byOthers.value = !mine
      at.value = FINISH
    }
    // The connection was lost just as Apply was sent, and it never arrived.
    if (mine && !begun && !facts.job)
      notStarted(
        new Problem(0, { code: 'lost', message: t('setup.not_sent'), next: t('setup.not_sent_next') }),
      )
  })

  return {
    answers,
    at,
    page,
    touched,
    busy,
    refused,
    byOthers,
    checks,
    draft,
    answer,
    goTo,
    next,
    apply,
    decide,
  }
}

export type Wizard = ReturnType<typeof useWizard>
