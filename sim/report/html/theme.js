"use strict";(()=>{const root=document.documentElement;root.classList.add("js");
const theme=document.getElementById("theme");
theme.addEventListener("change",()=>{if(theme.value)root.dataset.theme=theme.value;else delete root.dataset.theme;});})();
