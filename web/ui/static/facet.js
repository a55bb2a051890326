// The scripts of the explorer's pages. Addresses begin with what the page's body says.
export const base = document.body.dataset.base;
