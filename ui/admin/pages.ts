import {
  BadgeCheck,
  Layers,
  LayoutDashboard,
  ScrollText,
  Send,
  Server,
  ShieldAlert,
  ShieldCheck,
  UserCog,
  Users,
} from '@lucide/vue'
import { defineAsyncComponent, type Component } from 'vue'

export interface OwnTab {
  id: string
  component: Component
}

export interface MenuEntry {
  id: string
  icon: Component
  colour: string
  /** Tabs with a page of their own; settings pages come beside them by themselves. */
  tabs: OwnTab[]
  /** {tab of settings: the tab whose page leads to it}: these stand in no row of tabs. */
  inside?: Record<string, string>
  /** Its settings pages come after the pages of its own. */
  settingsLast?: boolean
  /** Who is no administrator sees this entry too. */
  everybody?: boolean
}

const overview = defineAsyncComponent(() => import('./pages/Overview.vue'))
const check = defineAsyncComponent(() => import('./pages/Check.vue'))
const checkSettings = defineAsyncComponent(() => import('./pages/CheckSettings.vue'))
const dns = defineAsyncComponent(() => import('./pages/DnsRecords.vue'))
const history = defineAsyncComponent(() => import('./pages/History.vue'))
const configuration = defineAsyncComponent(() => import('./pages/ConfigurationBackup.vue'))
const bans = defineAsyncComponent(() => import('./pages/Bans.vue'))
const sessions = defineAsyncComponent(() => import('./pages/Sessions.vue'))
const quarantine = defineAsyncComponent(() => import('./pages/Quarantine.vue'))
const queue = defineAsyncComponent(() => import('./pages/Queue.vue'))
const messages = defineAsyncComponent(() => import('./pages/Messages.vue'))
const licences = defineAsyncComponent(() => import('./pages/Licences.vue'))
const users = defineAsyncComponent(() => import('./pages/Users.vue'))
const programs = defineAsyncComponent(() => import('./pages/MailPrograms.vue'))
const certificate = defineAsyncComponent(() => import('./pages/Certificate.vue'))
const tokens = defineAsyncComponent(() => import('./pages/Tokens.vue'))
const personal = defineAsyncComponent(() => import('./pages/Personal.vue'))

/** The left menu, in the guide's order. An entry without any page says that it is not in this version. */
export const MENU: MenuEntry[] = [
  {
    id: 'server_management',
    icon: LayoutDashboard,
    colour: '#0a78e0',
    settingsLast: true,
    inside: { check_options: 'check' },
    tabs: [
      { id: 'overview', component: overview },
      { id: 'check', component: check },
      { id: 'check_settings', component: checkSettings },
      { id: 'dns', component: dns },
      { id: 'history', component: history },
      { id: 'configuration', component: configuration },
      { id: 'tokens', component: tokens },
    ],
  },
  { id: 'threat_monitor', icon: ShieldAlert, colour: '#e0523e', tabs: [] },
  { id: 'mail_delivery', icon: Send, colour: '#1ba5b0', tabs: [] },
  {
    id: 'service',
    icon: Server,
    colour: '#5b6fd8',
    tabs: [
      { id: 'certificate', component: certificate },
      { id: 'programs', component: programs },
    ],
  },
  {
    id: 'security',
    icon: ShieldCheck,
    colour: '#25955b',
    tabs: [
      { id: 'quarantine', component: quarantine },
      { id: 'sign_in', component: bans },
      { id: 'sessions', component: sessions },
    ],
  },
  { id: 'queue', icon: Layers, colour: '#e08a1e', tabs: [{ id: 'messages', component: queue }] },
  { id: 'auditing', icon: ScrollText, colour: '#6f8497', tabs: [{ id: 'messages', component: messages }] },
  { id: 'license', icon: BadgeCheck, colour: '#c79a1b', tabs: [{ id: 'licences', component: licences }] },
  { id: 'account', icon: Users, colour: '#8a63d2', tabs: [{ id: 'user', component: users }] },
  {
    id: 'personal',
    icon: UserCog,
    colour: '#3c8dbc',
    tabs: [{ id: 'personal', component: personal }],
    everybody: true,
  },
]
