import { defineAsyncComponent, h, type Component } from 'vue'
import type { Values } from '../../forms/schema'

const FileTools = defineAsyncComponent(() => import('../aliases/FileTools.vue'))

/** What a settings page has below its form, by the page's id. It gets the values on screen and what of them is changed. */
const tools = (page: string) => (props: { changes: Values }) => h(FileTools, { page, changes: props.changes })

/** What a settings page has above its form, by the page's id; it gets the same. */
export const ABOVE: Record<string, Component> = {
  'security.antivirus': defineAsyncComponent(() => import('../antivirus/EngineInformation.vue')),
}

export const EXTRAS: Record<string, Component> = {
  'mail_delivery.delivery': defineAsyncComponent(() => import('../relay/RelayTest.vue')),
  'mail_delivery.daily_quota': defineAsyncComponent(() => import('../quota/OutboundUsage.vue')),
  'mail_delivery.security': defineAsyncComponent(() => import('../dns/OwnPolicy.vue')),
  'service.acme': defineAsyncComponent(() => import('../certificate/AcmeState.vue')),
  'service.search': defineAsyncComponent(() => import('../search/SearchIndex.vue')),
  'mail_delivery.alias': tools('mail_delivery.alias'),
  'mail_delivery.auto_bcc': tools('mail_delivery.auto_bcc'),
}
