import type { HistoryFacts, Sample } from './types'

const FINE_S = 300
const COARSE_S = 3_600

const sampleOf = (columns: HistoryFacts['columns'], row: (number | null)[]): Sample =>
  Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])) as unknown as Sample

/**
 * The last minutes finely and the last hour coarsely, as the server keeps them; new samples are taken in.
 * Lists are replaced, never changed: whoever shows them sees it.
 */
export class Samples {
  fine: Sample[] = []
  coarse: Sample[] = []
  coarseEvery = 30
  memoryTotal = 0
  private gathered: Sample[] = []

  /** All anew, as the server tells it. */
  read(facts: HistoryFacts): void {
    const told = ({ rows }: { rows: (number | null)[][] }) => rows.map((row) => sampleOf(facts.columns, row))
    this.fine = told(facts.fine)
    this.coarse = told(facts.coarse)
    this.coarseEvery = facts.coarse.every_s
    this.memoryTotal = facts.memory_total_mb
    const turn = this.turn(this.fine.at(-1))
    this.gathered = this.fine.filter((one) => this.turn(one) === turn)
  }

  /** One more; what is there already is left out. */
  add(sample: Sample): void {
    if (sample.time <= (this.fine.at(-1)?.time ?? 0)) return
    this.fine = [...this.fine.filter((one) => one.time > sample.time - FINE_S), sample]
    const same = this.turn(this.gathered[0]) === this.turn(sample)
    this.gathered = same ? [...this.gathered, sample] : [sample]
    // The half minute under way is one of the coarse ones, too: it grows.
    const before = same ? this.coarse.slice(0, -1) : this.coarse
    this.coarse = [...before.filter((one) => one.time > sample.time - COARSE_S), average(this.gathered)]
  }

  private turn(sample: Sample | undefined): number {
    return sample ? Math.floor(sample.time / this.coarseEvery) : -1
  }
}

/** The average of each value that is known; the time is the last one's. */
function average(samples: Sample[]): Sample {
  const names = Object.keys(samples[0]!) as (keyof Sample)[]
  const means = names.map((name) => {
    const known = samples.map((one) => one[name]).filter((value): value is number => value !== null)
    return [name, known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null] as const
  })
  return { ...(Object.fromEntries(means) as unknown as Sample), time: samples.at(-1)!.time }
}
