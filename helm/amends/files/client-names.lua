-- SPDX-License-Identifier: Apache-2.0
--
-- The names in a client's certificate as metadata amends-client-san: one "dns:", "uri:", "email:" or "ip:" each. HAProxy 2.6
-- verifies certificates, but has no way of its own to read their subjectAltName. Whatever is not well formed gives no names, so
-- that its caller counts as one without a certificate.

local MOST_NAMES, LONGEST_NAME = 32, 512
local SUBJECT_ALT_NAME = "\x06\x03\x55\x1d\x11" -- the object identifier 2.5.29.17 in DER
local KINDS = { [0x81] = "email", [0x82] = "dns", [0x86] = "uri", [0x87] = "ip" }

-- The element of DER at `at`: its tag, where its contents begin and end, and where the next one begins. nil: there is none.
local function element(der, at, stop)
    local tag, length = der:byte(at, at + 1)
    if not length or at + 1 > stop then return nil end
    local from = at + 2
    if length >= 0x80 then
        local bytes = length - 0x80
        if bytes < 1 or bytes > 3 or from + bytes - 1 > stop then return nil end
        length = 0
        for i = 0, bytes - 1 do length = length * 256 + der:byte(from + i) end
        from = from + bytes
    end
    if from + length - 1 > stop then return nil end
    return tag, from, from + length - 1, from + length
end

-- The contents of the first child with this tag; nil: there is none.
local function child(der, from, stop, wanted)
    while from and from <= stop do
        local tag, first, last, next = element(der, from, stop)
        if tag == wanted then return first, last end
        from = tag and next
    end
    return nil
end

-- Certificate > TBSCertificate > [3] > Extensions
local function extensions(der)
    local from, stop = child(der, 1, #der, 0x30)
    if from then from, stop = child(der, from, stop, 0x30) end
    if from then from, stop = child(der, from, stop, 0xa3) end
    if from then from, stop = child(der, from, stop, 0x30) end
    return from, stop
end

-- The contents of the extension subjectAltName: GeneralNames.
local function general_names(der)
    local from, stop = extensions(der)
    while from and from <= stop do
        local tag, first, last, next = element(der, from, stop)
        if tag ~= 0x30 then return nil end
        if der:sub(first, first + #SUBJECT_ALT_NAME - 1) == SUBJECT_ALT_NAME then
            first, last = child(der, first, last, 0x04)
            if first then first, last = child(der, first, last, 0x30) end
            return first, last
        end
        from = next
    end
    return nil
end

local function ip_text(raw)
    if #raw == 4 then return table.concat({ raw:byte(1, 4) }, ".") end
    if #raw ~= 16 then return nil end
    local groups = {}
    for i = 1, 16, 2 do groups[#groups + 1] = string.format("%x", raw:byte(i) * 256 + raw:byte(i + 1)) end
    return table.concat(groups, ":")
end

-- A name of other characters than visible ASCII is left out: it cannot be sent, and a NUL would cut it for others.
local function name_text(tag, raw)
    local text = raw
    if tag == 0x87 then text = ip_text(raw) end
    if not text or #text == 0 or #text > LONGEST_NAME or text:find("[^\x21-\x7e]") then return nil end
    return KINDS[tag] .. ":" .. text
end

local function names(der)
    local found = {}
    local from, stop = general_names(der)
    while from and from <= stop and #found < MOST_NAMES do
        local tag, first, last, next = element(der, from, stop)
        if not tag then break end
        local text = KINDS[tag] and name_text(tag, der:sub(first, last))
        if text then found[#found + 1] = text end
        from = next
    end
    return table.concat(found, "\n")
end

-- A connection keeps what was read from its certificate.
core.register_action("client_names", { "http-req" }, function(txn)
    local known = txn:get_var("sess.client_names")
    if not known then
        known = names(txn.f:ssl_c_der() or "")
        txn:set_var("sess.client_names", known)
    end
    for name in known:gmatch("[^\n]+") do txn.http:req_add_header("amends-client-san", name) end
end)
