"use strict";

// On a narrow screen the menu is folded until somebody opens it; without a script it stays open.
(() => {
  const narrow = window.matchMedia("(max-width: 60rem)");
  const fold = () => { document.querySelector("details.menu").open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
})();

// Where no answer comes at all, the part that was asked for says so: old rows would read as an answer.
(() => {
  const tell = (event) => {
    const target = event.detail.target || document.querySelector("#results");
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.setAttribute("role", "alert");
    notice.textContent = "没有收到应答，下面没有数据可显示；请检查网络后重试。";
    target.replaceChildren(notice);
  };

  document.addEventListener("htmx:sendError", tell);
  document.addEventListener("htmx:timeout", tell);
})();
