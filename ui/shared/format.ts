import { language, t } from './i18n'

const MINUTE_S = 60
const DAY_S = 86_400
const BYTES = ['B', 'KB', 'MB', 'GB', 'TB']

/** A size in bytes: "12 KB", "1.4 MB". */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log(count) / Math.log(1024)))
  const value = count / 1024 ** power
  const digits = power === 0 || value >= 100 ? 0 : 1
  return `${value.toLocaleString(locale(), { maximumFractionDigits: digits })} ${BYTES[power]}`
}

/** The reader's own manner of the language: British dates for a British browser. */
export function locale(): string {
  const own = navigator.languages?.find((name) => name.split('-')[0] === language.value.split('-')[0])
  return own && language.value !== 'zh-TW' ? own : language.value
}

export const number = (value: number): string => value.toLocaleString(locale())

/** A number to be typed in or looked up, e.g. a port: without groups. */
export const plainNumber = (value: number): string => value.toLocaleString(locale(), { useGrouping: false })

/** With one digit after the point. */
export const decimals = (value: number): string =>
  value.toLocaleString(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })

export const percent = (hundredths: number): string =>
  (hundredths / 100).toLocaleString(locale(), { style: 'percent', maximumFractionDigits: 0 })

/** "a, b, c" as the language separates them. */
export const listed = (names: readonly string[]): string =>
  names.join(language.value === 'ja' || language.value === 'zh-TW' ? '、' : ', ')

/** Date and time to the second, always as wide: a column of them is easily read. `seconds` is Unix time. */
export function moment(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(locale(), {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
}

/** Day and time in the reader's own manner, for mail. */
export function longMoment(date: Date): string {
  return date.toLocaleString(locale(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  })
}

/** "10:42", with 24 hours as everywhere. */
export function timeOfDay(date: Date): string {
  return date.toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

/** As short as can be: the time for today, the day for this year, else the date. */
export function shortMoment(date: Date, now = new Date()): string {
  if (date.toDateString() === now.toDateString()) {
    return timeOfDay(date)
  }
  if (date.getFullYear() === now.getFullYear()) {
    return date.toLocaleDateString(locale(), { day: 'numeric', month: 'short' })
  }
  return date.toLocaleDateString(locale(), { year: 'numeric', month: '2-digit', day: '2-digit' })
}

const AGO = [
  ['year', 365 * DAY_S],
  ['day', DAY_S],
  ['hour', 60 * MINUTE_S],
  ['minute', MINUTE_S],
] as const

/** How long something has lasted: "3 min", "2 h 5 min", "4 days". */
export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / MINUTE_S)
  if (minutes < 1) return t('time.moments')
  if (minutes < 60) return t('time.minutes', { n: minutes })
  if (seconds < DAY_S) return t('time.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
  return t('time.days', { n: Math.floor(seconds / DAY_S) })
}

/** How long ago a moment was, in seconds since the epoch: "now", "5 minutes ago", "1 day ago", "5 years ago". */
export function ago(moment: number, now = Date.now() / 1000): string {
  const seconds = Math.max(0, now - moment)
  const [unit, length] = AGO.find(([, least]) => seconds >= least) ?? (['second', Infinity] as const)
  const count = Math.floor(seconds / length)
  // "Yesterday" and "last year" are said of days and years of the calendar, and this counts hours.
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: count ? 'always' : 'auto' })
  return words.format(-count || 0, unit)
}

/** Dates of the API: Unix seconds, or ISO text. */
export function dateOf(value: number | string): Date {
  return typeof value === 'number' ? new Date(value * 1000) : new Date(value)
}
