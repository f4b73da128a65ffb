"""The other side of tests: a client of another make. Commands and answers are JSON, one a line."""
import asyncio
import json
import sys
import uuid

import slixmpp


def tell(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        for plugin in ("xep_0030", "xep_0045", "xep_0334", "xep_0059", "xep_0184", "xep_0198", "xep_0199", "xep_0280",
                       "xep_0308", "xep_0313", "xep_0333", "xep_0359", "xep_0424", "xep_0444"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("failed_auth", lambda _: tell(event="failed", reason="authentication"))
        self.add_event_handler("message", self.took)
        self.add_event_handler("groupchat_message", self.took)
        self.add_event_handler("message_retract", lambda m: tell(event="retraction", id=m["apply_to"]["id"]))
        self.add_event_handler("reactions", self.reacted)
        self.add_event_handler("receipt_received", lambda m: tell(event="receipt", id=m["receipt"]))
        self.add_event_handler("marker_displayed", lambda m: tell(event="displayed", id=m["displayed"]["id"]))

    async def started(self, _):
        self.send_presence()
        await self.get_roster()
        tell(event="online")

    def reacted(self, message):
        tell(event="reactions", sender=str(message["from"]), id=message["reactions"]["id"], kind=message["type"],
             reactions=sorted(message["reactions"].get_values(all_chars=True)))

    def took(self, message):
        if not message["body"]:
            return
        replaced = message["replace"]["id"] if message.xml.find("{urn:xmpp:message-correct:0}replace") is not None else None
        given = [e.get("id") for e in message.xml.findall("{urn:xmpp:sid:0}stanza-id")
                 if e.get("by") == message["from"].bare]
        tell(event="message", sender=str(message["from"]), id=message["id"], body=message["body"], kind=message["type"],
             roomId=given[0] if given else None,
             origin=message["origin_id"]["id"], replaces=replaced)

    async def run(self, command):
        kind = command["do"]
        if kind == "send":
            message = self.make_message(mto=command["to"], mbody=command["body"], mtype=command.get("type", "chat"))
            message["id"] = command["id"]
            if command.get("origin"):
                message["origin_id"]["id"] = command["id"]
            if command.get("receipt"):
                message["request_receipt"] = True
            if command.get("markable"):
                message.enable("markable")
            if command.get("replaces"):
                message["replace"]["id"] = command["replaces"]
            message.send()
            return {}
        if kind == "raw":
            self.send_raw(command["xml"])
            return {}
        if kind == "flood":
            for number in range(command["count"]):
                message = self.make_message(mto=command["to"], mbody=f"{command['word']} {number}", mtype="chat")
                message["id"] = f"{command['word']}-{number}"
                message.send()
            return {}
        if kind == "displayed":
            marker = self.make_message(mto=command["to"], mtype="chat")
            marker["displayed"]["id"] = command["id"]
            marker.send()
            return {}
        if kind == "react":
            if command.get("type") == "groupchat":
                message = self.make_message(mto=command["to"], mtype="groupchat")
                self["xep_0444"].set_reactions(message, command["id"], command["reactions"])
                message.enable("store")
                message.send()
            else:
                self["xep_0444"].send_reactions(slixmpp.JID(command["to"]), command["id"], command["reactions"])
            return {}
        if kind == "features":
            info = await self["xep_0030"].get_info(jid=slixmpp.JID(command["of"]))
            return {"features": sorted(info["disco_info"]["features"])}
        if kind == "retract":
            self["xep_0424"].send_retraction(slixmpp.JID(command["to"]), command["id"], fallback_text="gone")
            return {}
        if kind == "join":
            await self["xep_0045"].join_muc_wait(slixmpp.JID(command["room"]), command["nick"], maxstanzas=0)
            return {}
        if kind == "archive":
            found = []
            where = command.get("of")
            async for result in self["xep_0313"].iterate(
                    jid=where and slixmpp.JID(where), with_jid=command.get("with") and slixmpp.JID(command["with"]),
                    rsm={"max": 100}):
                inner = result["mam_result"]["forwarded"]["stanza"]
                found.append({"archiveId": result["mam_result"]["id"], "id": inner["id"], "body": inner["body"],
                              "origin": inner["origin_id"]["id"], "sender": str(inner["from"])})
            return {"messages": found}
        raise ValueError(kind)


async def commands(peer):
    reader = asyncio.StreamReader(limit=2**24)
    await peer.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            tell(answer=command["number"], **await peer.run(command))
        except Exception as error:  # the test says what went wrong
            tell(answer=command["number"], error=repr(error))
    peer.disconnect()
    await peer.disconnected
    peer.loop.stop()


def main():
    settings = json.loads(sys.stdin.readline())
    peer = Peer(f"{settings['jid']}/{uuid.uuid4()}", settings["password"])
    peer.ca_certs = settings["caFile"]
    peer.connect(address=(settings["host"], settings["port"]))
    peer.working = peer.loop.create_task(commands(peer))  # the loop itself would let go of it
    peer.loop.run_forever()


main()
