/* SPDX-License-Identifier: MIT */
/* Device descriptions: what plug and play would stop the system for never gets that far. */
#include "frames.h"

static struct frame f;

static SCSINET_FAULT check(void)
{
    return frame_check(&f, ScsinetFromServer);
}

/* A drive whose entry `which` is this text instead. */
static SCSINET_FAULT with(unsigned which, const char *text, size_t count)
{
    pnp_drive(&f);
    pnp_text(&f, which, text, count);
    return check();
}
#define WITH(which, text) with((which), (text), sizeof(text))

static void a_drive_is_good(void **state)
{
    (void)state;
    pnp_drive(&f);
    assert_int_equal(check(), ScsinetFrameGood);
    PNP_TEXT(&f, ID_SERIAL, "0123456789");
    PNP_TEXT(&f, ID_CONTAINER, "{1f2e3d4c-0000-0000-0000-000000000001}");
    assert_int_equal(check(), ScsinetFrameGood);
    /* Only the IDs are needed. */
    pnp_start(&f);
    PNP_TEXT(&f, ID_DEVICE, "A\\B");
    PNP_TEXT(&f, ID_HARDWARE, "A\\B\0");
    PNP_TEXT(&f, ID_INSTANCE, "1");
    assert_int_equal(check(), ScsinetFrameGood);
}

static void entries_stay_in_bounds(void **state)
{
    PNP_ENTRY *entry = pnp_entry(&f, TEXT_LOCATION);

    (void)state;
    pnp_drive(&f);
    entry->InfoOffset = 107;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    entry->InfoOffset = 1;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    entry->InfoOffset = f.used + 1;
    entry->InfoLength = 0;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    entry->InfoOffset = f.used;
    assert_int_equal(check(), ScsinetFaultPnpString); /* empty, not even a terminator */
    entry->InfoLength = 2;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    entry->InfoOffset = f.used - 2;
    assert_int_equal(check(), ScsinetFrameGood); /* the terminator of the last text */
    entry->InfoLength = 0xFFFFFFFE;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    entry->InfoOffset = 0xFFFFFFFF;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    /* Out of bounds is out of bounds even where nothing would be read. */
    entry->Status = NT_ERROR_STATUS;
    assert_int_equal(check(), ScsinetFaultPnpBounds);
    entry->InfoOffset = 0;
    assert_int_equal(check(), ScsinetFrameGood);
    /* An entry that the bus answered with an error holds nothing, whatever it points to. */
    pnp_drive(&f);
    entry->InfoLength = 1;
    entry->Status = NT_ERROR_STATUS;
    assert_int_equal(check(), ScsinetFrameGood);
    /* Unaligned, and two entries on one text. */
    pnp_drive(&f);
    frame_add(&f, "", 1);
    PNP_TEXT(&f, ID_INSTANCE, "77");
    assert_int_equal(check(), ScsinetFrameGood);
    *pnp_entry(&f, ID_SERIAL) = *pnp_entry(&f, ID_INSTANCE);
    assert_int_equal(check(), ScsinetFrameGood);

    f.used = 107;
    f.header.Length = 0;
    assert_int_equal(ScsinetCheckPnpInfo(f.body, 107), ScsinetFaultTooShort);
    pnp_drive(&f);
    f.used = SCSINET_MAXIMUM_PNP_LENGTH;
    assert_int_equal(check(), ScsinetFrameGood);
    f.used++;
    assert_int_equal(check(), ScsinetFaultTooLong);
    assert_int_equal(ScsinetCheckPnpInfo(f.body, f.used), ScsinetFaultTooLong);
}

static void the_three_ids_must_be_there(void **state)
{
    static const unsigned needed[] = {ID_DEVICE, ID_HARDWARE, ID_INSTANCE};
    static const unsigned optional[] = {ID_COMPATIBLE,    ID_SERIAL,     ID_CONTAINER,
                                        TEXT_DESCRIPTION, TEXT_LOCATION, CAPABILITIES};

    (void)state;
    for (int i = 0; i < 3; i++) {
        pnp_drive(&f);
        pnp_entry(&f, needed[i])->InfoOffset = 0;
        assert_int_equal(check(), ScsinetFaultPnpMissing);
        pnp_drive(&f);
        pnp_entry(&f, needed[i])->Status = NT_ERROR_STATUS;
        assert_int_equal(check(), ScsinetFaultPnpMissing);
    }
    for (int i = 0; i < 6; i++) {
        pnp_drive(&f);
        pnp_entry(&f, optional[i])->InfoOffset = 0;
        assert_int_equal(check(), ScsinetFrameGood);
    }
}

static void single_ids_end_where_they_say(void **state)
{
    (void)state;
    assert_int_equal(WITH(ID_INSTANCE, ""), ScsinetFaultPnpString);
    assert_int_equal(WITH(ID_INSTANCE, "1\0"),
                     ScsinetFaultPnpString); /* something behind the end */
    assert_int_equal(WITH(ID_INSTANCE, "1\0002"), ScsinetFaultPnpString);
    assert_int_equal(with(ID_INSTANCE, "12", 2), ScsinetFaultPnpString); /* no end */
    assert_int_equal(WITH(ID_DEVICE, ""), ScsinetFaultPnpString);
    pnp_drive(&f);
    pnp_entry(&f, ID_INSTANCE)->InfoLength--;
    assert_int_equal(check(), ScsinetFaultPnpString); /* half a character */
}

static void characters_that_stop_a_system(void **state)
{
    (void)state;
    assert_int_equal(WITH(ID_INSTANCE, "a,b"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_INSTANCE, "a\\b"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_INSTANCE, "a\x1f"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_INSTANCE, "a b\x7f"),
                     ScsinetFrameGood); /* plug and play mends the space */
    assert_int_equal(WITH(ID_INSTANCE, "a\x80"), ScsinetFaultPnpId);
    pnp_drive(&f);
    f.body[pnp_entry(&f, ID_INSTANCE)->InfoOffset + 1] = 1; /* U+0130 */
    assert_int_equal(check(), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_HARDWARE, "a\0b,c\0"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_COMPATIBLE, "a\0b\x01\0"), ScsinetFaultPnpId);
    /* Texts are for people. */
    assert_int_equal(WITH(TEXT_DESCRIPTION, "a,\x01\x80\\"), ScsinetFrameGood);
}

static void a_device_id_is_bus_and_device(void **state)
{
    (void)state;
    assert_int_equal(WITH(ID_DEVICE, "NoBus"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_DEVICE, "A\\B\\C"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_DEVICE, "\\B"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_DEVICE, "A\\"), ScsinetFaultPnpId);
    assert_int_equal(WITH(ID_DEVICE, "A\\B"), ScsinetFrameGood);
    assert_int_equal(WITH(ID_HARDWARE, "NoBus\0A\\B\\C\0"), ScsinetFrameGood);
    assert_int_equal(WITH(ID_HARDWARE, "\\B\0"), ScsinetFaultPnpId);
}

static void id_lengths(void **state)
{
    char text[1100];

    (void)state;
    memset(text, 'x', sizeof(text));
    /* Each: 199 characters. */
    text[199] = 0;
    text[200] = 0;
    assert_int_equal(with(ID_HARDWARE, text, 201), ScsinetFrameGood);
    text[199] = 'x';
    text[201] = 0;
    assert_int_equal(with(ID_HARDWARE, text, 202), ScsinetFaultPnpId);
    /* The list: 1,024 with all that ends it. */
    memset(text, 'x', sizeof(text));
    for (int i = 100; i < 1000; i += 100)
        text[i] = 0;
    text[1022] = text[1023] = 0;
    assert_int_equal(with(ID_HARDWARE, text, 1024), ScsinetFrameGood);
    assert_int_equal(with(ID_COMPATIBLE, text, 1024), ScsinetFrameGood);
    text[1022] = 'x';
    text[1024] = 0;
    assert_int_equal(with(ID_HARDWARE, text, 1025), ScsinetFaultPnpId);
    assert_int_equal(with(ID_COMPATIBLE, text, 1025), ScsinetFaultPnpId);
    /* Device and instance together: 160 with their two terminators. */
    memset(text, 'x', sizeof(text));
    text[150] = 0;
    pnp_drive(&f);
    PNP_TEXT(&f, ID_DEVICE, "A\\234567");
    pnp_text(&f, ID_INSTANCE, text, 151);
    assert_int_equal(check(), ScsinetFrameGood);
    PNP_TEXT(&f, ID_DEVICE, "A\\2345678");
    assert_int_equal(check(), ScsinetFaultPnpId);
}

static void lists(void **state)
{
    (void)state;
    assert_int_equal(WITH(ID_COMPATIBLE, "a\0b\0"), ScsinetFrameGood);
    assert_int_equal(WITH(ID_COMPATIBLE, ""), ScsinetFrameGood);
    assert_int_equal(WITH(ID_COMPATIBLE, "\0"), ScsinetFrameGood);
    assert_int_equal(WITH(ID_COMPATIBLE, "\0\0"), ScsinetFaultPnpString);
    assert_int_equal(WITH(ID_COMPATIBLE, "a"),
                     ScsinetFaultPnpString); /* the list's own end is missing */
    assert_int_equal(WITH(ID_COMPATIBLE, "a\0\0"), ScsinetFaultPnpString); /* one too many */
    assert_int_equal(WITH(ID_COMPATIBLE, "\0a\0"),
                     ScsinetFaultPnpString); /* something behind the end */
    assert_int_equal(WITH(ID_COMPATIBLE, "a\0\0b\0"), ScsinetFaultPnpString);
    assert_int_equal(with(ID_COMPATIBLE, "a\0b", 3), ScsinetFaultPnpString);
    assert_int_equal(WITH(ID_HARDWARE, ""), ScsinetFaultPnpMissing);
    assert_int_equal(WITH(ID_HARDWARE, "\0"), ScsinetFaultPnpMissing);
}

static void texts(void **state)
{
    (void)state;
    assert_int_equal(WITH(TEXT_DESCRIPTION, ""), ScsinetFrameGood);
    assert_int_equal(WITH(TEXT_DESCRIPTION, "a\0"), ScsinetFaultPnpString);
    assert_int_equal(with(TEXT_DESCRIPTION, "ab", 2), ScsinetFaultPnpString);
    assert_int_equal(with(TEXT_DESCRIPTION, "", 0), ScsinetFaultPnpString);
}

static void capabilities_have_one_size(void **state)
{
    (void)state;
    pnp_drive(&f);
    pnp_entry(&f, CAPABILITIES)->InfoLength = 63;
    assert_int_equal(check(), ScsinetFaultCapabilities);
    pnp_entry(&f, CAPABILITIES)->InfoLength = 65;
    assert_int_equal(check(), ScsinetFaultCapabilities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drive_is_good),
        cmocka_unit_test(entries_stay_in_bounds),
        cmocka_unit_test(the_three_ids_must_be_there),
        cmocka_unit_test(single_ids_end_where_they_say),
        cmocka_unit_test(characters_that_stop_a_system),
        cmocka_unit_test(a_device_id_is_bus_and_device),
        cmocka_unit_test(id_lengths),
        cmocka_unit_test(lists),
        cmocka_unit_test(texts),
        cmocka_unit_test(capabilities_have_one_size),
    };

    return cmocka_run_group_tests_name("frame-pnpinfo", tests, NULL, NULL);
}
