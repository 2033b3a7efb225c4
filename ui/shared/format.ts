import { language, t } from './i18n'

const MINUTE_S = 60
const DAY_S = 86_400
const BYTES = ['B', 'KB', 'MB', 'GB', 'TB']

/** A size in bytes: "12 KB", "1.4 MB". */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log(count) / Math.log(1024)))
  const value = count / 1024 ** power
  const digits = power === 0 || value >= 100 ? 0 : 1
  return `${value.toLocaleString(language.value, { maximumFractionDigits: digits })} ${BYTES[power]}`
}

export const number = (value: number): string => value.toLocaleString(language.value)

/** Date and time as DSM shows them: 2026-11-24 03:39:58. `seconds` is Unix time. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** Day and time in the reader's own manner, for mail. */
export function longMoment(date: Date): string {
  return date.toLocaleString(language.value, { dateStyle: 'medium', timeStyle: 'short' })
}

/** As short as can be: the time for today, the day for this year, else the date. */
export function shortMoment(date: Date, now = new Date()): string {
  if (date.toDateString() === now.toDateString()) {
    return date.toLocaleTimeString(language.value, { hour: '2-digit', minute: '2-digit' })
  }
  if (date.getFullYear() === now.getFullYear()) {
    return date.toLocaleDateString(language.value, { day: 'numeric', month: 'short' })
  }
  return date.toLocaleDateString(language.value, { year: 'numeric', month: '2-digit', day: '2-digit' })
}

/** How long something has lasted: "3 min", "2 h 5 min", "4 days". */
export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / MINUTE_S)
  if (minutes < 1) return t('time.moments')
  if (minutes < 60) return t('time.minutes', { n: minutes })
  if (seconds < DAY_S) return t('time.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
  return t('time.days', { n: Math.floor(seconds / DAY_S) })
}

/** Dates of the API: Unix seconds, or ISO text. */
export function dateOf(value: number | string): Date {
  return typeof value === 'number' ? new Date(value * 1000) : new Date(value)
}
