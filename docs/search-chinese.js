// The book's search cuts text into words at blanks and drops letters that are not Latin, so that it finds no Chinese.
// A query with Chinese letters is looked for as it stands instead: in titles first, then in the text.
(() => {
    if (!window.elasticlunr) return;
    const words = elasticlunr.Index.prototype.search;
    elasticlunr.Index.prototype.search = function (query, options) {
        if (!/\p{Script=Han}/u.test(query)) return words.call(this, query, options);
        const parts = query.toLowerCase().split(/\s+/).filter(part => part);
        const found = [];
        for (const [ref, doc] of Object.entries(this.documentStore.docs)) {
            const title = doc.title.toLowerCase(), body = doc.body.toLowerCase();
            if (!parts.every(part => title.includes(part) || body.includes(part))) continue;
            // The excerpt begins a little before the first place; words of its own make it readable in the list.
            const at = Math.max(0, body.indexOf(parts[0]) - 20);
            const excerpt = doc.body.slice(at, at + 120);
            const score = parts.filter(part => title.includes(part)).length;
            found.push({ ref, score, doc: { ...doc, body: excerpt } });
        }
        return found.sort((a, b) => b.score - a.score);
    };
})();
