import { createApp } from 'vue'
import '../tokens.css'
import '../base.css'
import '../page.css'
import Gallery from './Gallery.vue'

const asked = new URLSearchParams(location.search)
if (asked.get('theme') === 'dark') document.documentElement.dataset.theme = 'dark'
createApp(Gallery, { only: asked.get('only') ?? '' }).mount('#app')
