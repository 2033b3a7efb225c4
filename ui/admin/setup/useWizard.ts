import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { t } from '../../shared/i18n'
import { Problem, problemOf } from '../../shared/problem'
import { api } from '../session'
import type { StaleChange } from '../types'
import { useDraft } from './draft'
import { expect, lost, readSetup, result, sending, setup } from './setup'
import { FINISH, PAGES, SUMMARY, answersFrom, asAnswer, pageFor, pageOf, suggestedName } from './steps'
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
  /** Apply was sent, and whether it arrived is not known. */
  let unsure = false

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
    result.waits = true
    expect({ job: { state: 'running', step: null, steps: [], problem: null } })
    sending.value = true
    try {
      const sent = { answers: { ...answers }, revision: revision.value }
      expect(await api.post<{ job: Job }>('setup/apply', sent))
    } catch (reason) {
      const problem = problemOf(reason)
      unsure = UNSURE.includes(problem.status)
      if (unsure) lost.value = problem
      else notStarted(problem)
    } finally {
      sending.value = false
    }
  }

  function notStarted(problem: Problem): void {
    result.waits = false
    expect({ job: null })
    goTo(FIELDS.includes(problem.facts.field as Field) ? pageOf(problem.facts.field!) : SUMMARY)
    refused.value = problem
    setTimeout(() => void readSetup())
  }

  /** Others' values instead of the own answers, or the own ones although others changed something meanwhile. */
  function decide(take: 'mine' | 'theirs'): void {
    const facts = refused.value?.facts
    for (const change of (facts?.changes ?? []) as StaleChange[]) {
      const field = FIELDS.find((one) => one === change.key)
      if (take === 'theirs' && field && change.yours !== undefined)
        answers[field] = asAnswer(field, String(change.theirs))
    }
    revision.value = Number(facts?.current_revision ?? revision.value)
    refused.value = null
    void checks.now()
    void draft.now()
  }

  watch(setup, (facts) => {
    if (!facts || sending.value) return
    const begun = facts.finished || facts.job?.state === 'running'
    if (begun && at.value < FINISH) {
      byOthers.value = true
      at.value = FINISH
    }
    // The connection was lost just as Apply was sent, and it never arrived.
    const arrived = begun || facts.job !== null
    if (unsure && !arrived)
      notStarted(
        new Problem(0, { code: 'lost', message: t('setup.not_sent'), next: t('setup.not_sent_next') }),
      )
    unsure = false
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
