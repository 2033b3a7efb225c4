import { defineAsyncComponent, type Component } from 'vue'

/** What a settings page has below its form, by the page's id. It gets the values on screen and what of them is changed. */
export const EXTRAS: Record<string, Component> = {
  'mail_delivery.delivery': defineAsyncComponent(() => import('../relay/RelayTest.vue')),
}
