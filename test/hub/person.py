"""A person in front of the hub: logs in, starts their server, opens notebooks and runs cells, over HTTP and websockets as
a browser does."""

import asyncio
import json
import time
import uuid

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect


class Kernel:
    """One kernel of a person's server."""

    def __init__(self, socket, session):
        self.socket = socket
        self.session = session

    async def run(self, code, timeout=600):
        """Runs a cell; returns its reply's status and its outputs. No answer in time: status "timeout"."""
        message_id = uuid.uuid4().hex
        header = {"msg_id": message_id, "msg_type": "execute_request", "username": "", "session": self.session, "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await self.socket.write_message(json.dumps(message))
        status, outputs, idle = None, [], False
        deadline = time.monotonic() + timeout
        while status is None or not idle:
            try:
                text = await asyncio.wait_for(self.socket.read_message(), deadline - time.monotonic())
            except asyncio.TimeoutError:
                return "timeout", outputs
            if text is None:
                return "closed", outputs
            reply = json.loads(text)
            if reply["parent_header"].get("msg_id") != message_id:
                if reply["msg_type"] == "status" and reply["content"]["execution_state"] in ("restarting", "dead"):
                    return "dead", outputs
                continue
            kind, content = reply["msg_type"], reply["content"]
            if kind == "execute_reply":
                status = content["status"]
            elif kind == "status":
                idle = content["execution_state"] == "idle"
            elif kind in ("display_data", "stream", "error"):
                outputs.append({"output_type": kind, **{k: v for k, v in content.items() if k != "transient"}})
        return status, outputs

    def close(self):
        self.socket.close()


class Person:
    def __init__(self, account, address):
        self.account = account
        self.name = account.name
        self.address = address
        self.web = httpx.AsyncClient(base_url=address, timeout=400, follow_redirects=True, trust_env=False)
        self.token = None

    def xsrf(self):
        return [cookie.value for cookie in self.web.cookies.jar if cookie.name == "_xsrf"][-1]

    async def log_in(self):
        """With name and password, in the hub's own form; then a token for what follows."""
        await self.web.get("/hub/login")
        form = {"username": self.name, "password": self.account.password, "_xsrf": self.xsrf()}
        page = await self.web.post("/hub/login", params={"next": "/hub/home"}, data=form)
        page.raise_for_status()
        made = await self.web.post(f"/hub/api/users/{self.name}/tokens", json={"note": "test"}, headers={"X-XSRFToken": self.xsrf()})
        made.raise_for_status()
        self.token = made.json()["token"]

    async def hub(self, method, path, **options):
        return await self.web.request(method, f"/hub/api{path}", headers={"Authorization": f"token {self.token}"}, **options)

    async def server(self, method, path, owner=None, **options):
        """A request to a server: this person's, or somebody else's with this person's token."""
        url = f"/user/{owner or self.name}{path}"
        return await httpx_request(self.address, self.token, method, url, **options)

    async def start_server(self, seconds=400):
        """Starts the server, and waits until it answers."""
        begin = time.monotonic()
        asked = await self.hub("POST", f"/users/{self.name}/server")
        if asked.status_code not in (201, 202, 400):
            asked.raise_for_status()
        while time.monotonic() - begin < seconds:
            model = (await self.hub("GET", f"/users/{self.name}")).json()
            if model["servers"].get("", {}).get("ready"):
                return time.monotonic() - begin
            await asyncio.sleep(0.3)
        raise RuntimeError(f"the server of {self.name} did not start within {seconds} s")

    async def read(self, path):
        reply = await self.server("GET", f"/api/contents/{path}")
        reply.raise_for_status()
        return reply.json()["content"]

    async def save(self, path, notebook):
        reply = await self.server("PUT", f"/api/contents/{path}", json={"type": "notebook", "format": "json", "content": notebook})
        reply.raise_for_status()

    async def open(self, path):
        """Opens a notebook: a session with a kernel, as JupyterLab does."""
        request = {"path": path, "name": path.split("/")[-1], "type": "notebook", "kernel": {"name": "tslab"}}
        reply = await self.server("POST", "/api/sessions", json=request)
        reply.raise_for_status()
        session = uuid.uuid4().hex
        kernel = reply.json()["kernel"]["id"]
        url = f"{self.address.replace('http', 'ws')}/user/{self.name}/api/kernels/{kernel}/channels?session_id={session}"
        headers = {"Authorization": f"token {self.token}"}
        socket = await websocket_connect(HTTPRequest(url, headers=headers, connect_timeout=300, request_timeout=300), max_message_size=200_000_000)
        return Kernel(socket, session)

    async def close(self):
        await self.web.aclose()


async def httpx_request(address, token, method, url, **options):
    """Without the browser's cookies: the token alone says who asks."""
    async with httpx.AsyncClient(base_url=address, timeout=400, follow_redirects=True, trust_env=False) as web:
        return await web.request(method, url, headers={"Authorization": f"token {token}"}, **options)
