/* SPDX-License-Identifier: MIT */
/* The configuration manager: the tree, lists, status, properties, and what is done to devices. */
#include <initguid.h>
#include "setupdirig.h"

static rig_child first, second;

static void make_things(WCHAR bus[128])
{
    rig_make_bus(bus);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", &test_class), STATUS_SUCCESS);
    first = rig_thing("a", L"1");
    second = rig_thing("b", L"2");
    rig_plug(&first);
    rig_plug(&second);
    rig_clear_log();
}

static void assert_id(DEVINST devinst, const WCHAR *expected)
{
    WCHAR id[MAX_DEVICE_ID_LEN];

    assert_int_equal(CM_Get_Device_IDW(devinst, id, MAX_DEVICE_ID_LEN, 0), CR_SUCCESS);
    assert_wide(id, expected);
}

static CONFIGRET locate(const WCHAR *path, DEVINST *devinst, ULONG flags)
{
    WCHAR id[MAX_DEVICE_ID_LEN + 64];

    NtCrt_wcscpy(id, path);
    return CM_Locate_DevNodeW(devinst, id, flags);
}

static void the_tree_is_walked(void **state)
{
    DEVINST root, bus, a, b, none;
    WCHAR path[128], small[6];
    char narrow[64];
    ULONG length;

    (void)state;
    make_things(path);
    assert_int_equal(CM_Locate_DevNodeA(&root, NULL, CM_LOCATE_DEVNODE_NORMAL), CR_SUCCESS);
    assert_id(root, L"HTREE\\ROOT\\0");
    assert_int_equal(CM_Get_Child(&bus, root, 0), CR_SUCCESS);
    assert_id(bus, path);
    assert_int_equal(CM_Get_Child(&a, bus, 0), CR_SUCCESS);
    assert_id(a, L"TBUS\\Thing\\1");
    assert_int_equal(CM_Get_Sibling(&b, a, 0), CR_SUCCESS);
    assert_id(b, L"TBUS\\Thing\\2");
    assert_int_equal(CM_Get_Sibling(&none, b, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(CM_Get_Child(&none, b, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(CM_Get_Parent(&none, b, 0), CR_SUCCESS);
    assert_int_equal(none, bus);
    assert_int_equal(CM_Get_Parent(&none, root, 0), CR_NO_SUCH_DEVNODE);
    /* A number is the same each time, in whatever case. */
    assert_int_equal(locate(L"tbus\\THING\\2", &none, 0), CR_SUCCESS);
    assert_int_equal(none, b);

    assert_int_equal(CM_Get_Device_ID_Size(&length, a, 0), CR_SUCCESS);
    assert_int_equal(length, 12);
    assert_int_equal(CM_Get_Device_IDW(a, small, 6, 0), CR_BUFFER_SMALL);
    assert_memory_equal(small, L"TBUS\\T", 12);
    assert_int_equal(CM_Get_Device_IDA(a, narrow, 13, 0), CR_SUCCESS);
    assert_string_equal(narrow, "TBUS\\Thing\\1");
    assert_int_equal(CM_Get_Device_IDA(a, narrow, 12, 0), CR_BUFFER_SMALL);

    assert_int_equal(CM_Get_Child(NULL, root, 0), CR_INVALID_POINTER);
    assert_int_equal(CM_Get_Child(&none, root, 1), CR_INVALID_FLAG);
    assert_int_equal(CM_Get_Child(&none, 0x7fffffff, 0), CR_INVALID_DEVNODE);
    assert_int_equal(locate(L"nothing", &none, 0), CR_INVALID_DEVICE_ID);
    assert_int_equal(locate(L"A\\\\B", &none, 0), CR_INVALID_DEVICE_ID);
    assert_int_equal(locate(L"TBUS\\Thing\\77", &none, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(locate(L"TBUS\\Thing\\1", &none, 0x100), CR_INVALID_FLAG);
    /* Of a phantom the key is left, and it has no place in the tree. */
    rig_unplug(&second);
    assert_int_equal(locate(L"TBUS\\Thing\\2", &none, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(locate(L"TBUS\\Thing\\2", &none, CM_LOCATE_DEVNODE_PHANTOM), CR_SUCCESS);
    assert_int_equal(none, b);
    assert_int_equal(CM_Get_Parent(&none, b, 0), CR_NO_SUCH_DEVNODE);
    assert_id(b, L"TBUS\\Thing\\2");
}

static ULONG list(const WCHAR *filter, ULONG flags, WCHAR *text, ULONG room)
{
    ULONG length, count = 0;

    assert_int_equal(CM_Get_Device_ID_List_SizeW(&length, filter, flags), CR_SUCCESS);
    assert_true(length <= room);
    if (length > 2)
        assert_int_equal(CM_Get_Device_ID_ListW(filter, text, length - 1, flags), CR_BUFFER_SMALL);
    assert_int_equal(CM_Get_Device_ID_ListW(filter, text, length, flags), CR_SUCCESS);
    for (const WCHAR *at = text; *at != 0; at += NtCrt_wcslen(at) + 1)
        count++;
    return count;
}

static void lists_by_filter(void **state)
{
    WCHAR path[128], text[1024];
    char narrow[1024];
    ULONG length;

    (void)state;
    make_things(path);
    assert_int_equal(list(NULL, CM_GETIDLIST_FILTER_NONE, text, 1024), 3);
    assert_int_equal(list(L"TBUS", CM_GETIDLIST_FILTER_ENUMERATOR, text, 1024), 2);
    assert_wide(text, L"TBUS\\Thing\\1");
    assert_int_equal(list(L"TBUS\\Thing", CM_GETIDLIST_FILTER_ENUMERATOR, text, 1024), 2);
    assert_int_equal(list(L"TBU", CM_GETIDLIST_FILTER_ENUMERATOR, text, 1024), 0);
    assert_int_equal(list(L"rigbus", CM_GETIDLIST_FILTER_SERVICE, text, 1024), 1);
    assert_wide(text, path);
    assert_int_equal(list(TEST_CLASS, CM_GETIDLIST_FILTER_CLASS, text, 1024), 2);
    assert_int_equal(list(path, CM_GETIDLIST_FILTER_BUSRELATIONS, text, 1024), 2);
    rig_func.removal_relation = second.pdo;
    assert_int_equal(list(L"TBUS\\Thing\\1", CM_GETIDLIST_FILTER_REMOVALRELATIONS, text, 1024), 1);
    assert_wide(text, L"TBUS\\Thing\\2");
    rig_func.removal_relation = NULL;
    rig_unplug(&second);
    assert_int_equal(list(L"TBUS", CM_GETIDLIST_FILTER_ENUMERATOR, text, 1024), 2);
    assert_int_equal(
        list(L"TBUS", CM_GETIDLIST_FILTER_ENUMERATOR | CM_GETIDLIST_FILTER_PRESENT, text, 1024), 1);
    assert_int_equal(CM_Get_Device_ID_List_SizeA(&length, "TBUS", CM_GETIDLIST_FILTER_ENUMERATOR),
                     CR_SUCCESS);
    assert_int_equal(CM_Get_Device_ID_ListA("TBUS", narrow, length, CM_GETIDLIST_FILTER_ENUMERATOR),
                     CR_SUCCESS);
    assert_memory_equal(narrow, "TBUS\\Thing\\1\0TBUS\\Thing\\2\0", length);
    assert_int_equal(
        CM_Get_Device_ID_List_SizeW(&length, L"x",
                                    CM_GETIDLIST_FILTER_ENUMERATOR | CM_GETIDLIST_FILTER_SERVICE),
        CR_INVALID_FLAG);
    assert_int_equal(CM_Get_Device_ID_List_SizeW(&length, NULL, CM_GETIDLIST_FILTER_ENUMERATOR),
                     CR_INVALID_POINTER);

    assert_int_equal(CM_Get_Device_Interface_List_SizeW(&length, (LPGUID)&rig_class, NULL, 0),
                     CR_SUCCESS);
    assert_int_equal(CM_Get_Device_Interface_ListW((LPGUID)&rig_class, NULL, text, length, 0),
                     CR_SUCCESS);
    assert_int_equal(NtCrt_wcsncmp(text, L"\\\\?\\TBUS#Thing#1#{", 18), 0);
    assert_int_equal(length, NtCrt_wcslen(text) + 2);
    assert_int_equal(CM_Get_Device_Interface_ListA((LPGUID)&rig_class, NULL, narrow, length - 1, 0),
                     CR_BUFFER_SMALL);
    assert_int_equal(CM_Get_Device_Interface_List_SizeA(&length, (LPGUID)&rig_class, NULL,
                                                        CM_GET_DEVICE_INTERFACE_LIST_ALL_DEVICES),
                     CR_SUCCESS);
    assert_int_equal(length, 2 * (NtCrt_wcslen(text) + 1) + 1);
    assert_int_equal(CM_Get_Device_Interface_List_SizeW(&length, (LPGUID)&test_class, NULL, 0),
                     CR_SUCCESS);
    assert_int_equal(length, 1);
}

static void status_and_properties(void **state)
{
    ULONG status, problem, type, length;
    WCHAR path[128], text[64];
    char narrow[64];
    DEVINST bus, a;

    (void)state;
    make_things(path);
    bus = rig_devinst(path);
    a = rig_devinst(L"TBUS\\Thing\\1");
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, bus, 0), CR_SUCCESS);
    assert_int_equal(status & (DN_ROOT_ENUMERATED | DN_DRIVER_LOADED | DN_STARTED | DN_HAS_PROBLEM),
                     DN_ROOT_ENUMERATED | DN_DRIVER_LOADED | DN_STARTED);
    assert_int_equal(problem, 0);
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, a, 0), CR_SUCCESS);
    assert_int_equal(status & (DN_ROOT_ENUMERATED | DN_REMOVABLE | DN_DISABLEABLE),
                     DN_REMOVABLE | DN_DISABLEABLE);

    length = 0;
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, CM_DRP_SERVICE, &type, NULL, &length, 0),
                     CR_BUFFER_SMALL);
    assert_int_equal(length, sizeof(L"rigfunc"));
    length = sizeof(text);
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, CM_DRP_SERVICE, &type, text, &length, 0),
                     CR_SUCCESS);
    assert_wide(text, L"rigfunc");
    length = sizeof(narrow);
    assert_int_equal(
        CM_Get_DevNode_Registry_PropertyA(a, CM_DRP_DEVICEDESC, NULL, narrow, &length, 0),
        CR_SUCCESS);
    assert_string_equal(narrow, "A thing");
    assert_int_equal(length, 8);
    length = sizeof(text);
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, CM_DRP_MFG, NULL, text, &length, 0),
                     CR_NO_SUCH_VALUE);
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, 0x77, NULL, text, &length, 0),
                     CR_INVALID_PROPERTY);
    assert_int_equal(CM_Set_DevNode_Registry_PropertyA(a, CM_DRP_MFG, "Me", 3, 0), CR_SUCCESS);
    length = sizeof(text);
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, CM_DRP_MFG, NULL, text, &length, 0),
                     CR_SUCCESS);
    assert_wide(text, L"Me");
    assert_int_equal(CM_Set_DevNode_Registry_PropertyW(a, CM_DRP_CAPABILITIES, &type, 4, 0),
                     CR_INVALID_PROPERTY);
    /* A phantom has what the registry holds, and no status. */
    rig_unplug(&first);
    length = sizeof(text);
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, CM_DRP_MFG, NULL, text, &length, 0),
                     CR_SUCCESS);
    length = sizeof(text);
    assert_int_equal(CM_Get_DevNode_Registry_PropertyW(a, CM_DRP_PHYSICAL_DEVICE_OBJECT_NAME, NULL,
                                                       text, &length, 0),
                     CR_NO_SUCH_VALUE);
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, a, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(CM_Uninstall_DevNode(bus, 0), CR_INVALID_DEVNODE);
    assert_int_equal(CM_Uninstall_DevNode(a, 0), CR_SUCCESS);
    assert_false(CmpKeyExists(ENUM L"TBUS\\Thing\\1"));
    assert_int_equal(CM_Uninstall_DevNode(a, 0), CR_NO_SUCH_DEVNODE);

    assert_int_equal(CM_MapCrToWin32Err(CR_SUCCESS, 5), ERROR_SUCCESS);
    assert_int_equal(CM_MapCrToWin32Err(CR_NO_SUCH_DEVNODE, 5), ERROR_NOT_FOUND);
    assert_int_equal(CM_MapCrToWin32Err(CR_BUFFER_SMALL, 5), ERROR_INSUFFICIENT_BUFFER);
    assert_int_equal(CM_MapCrToWin32Err(CR_REMOVE_VETOED, 5), 5);
}

static void who_vetoes_is_told(void **state)
{
    PNP_VETO_TYPE type;
    WCHAR path[128], name[MAX_PATH], small[6];
    char narrow[64];
    HANDLE file;
    DEVINST bus, a;

    (void)state;
    make_things(path);
    bus = rig_devinst(path);
    a = rig_devinst(L"TBUS\\Thing\\1");
    /* An open handle on the second: the bus can't go, and all are told to go on. */
    assert_status(rig_open_device(second.pdo, &file), STATUS_SUCCESS);
    assert_int_equal(CM_Query_And_Remove_SubTreeW(bus, &type, name, MAX_PATH, CM_REMOVE_UI_NOT_OK),
                     CR_REMOVE_VETOED);
    assert_int_equal(type, PNP_VetoOutstandingOpen);
    assert_wide(name, L"TBUS\\Thing\\2");
    rig_assert_log("func QUERY_REMOVE a|pdo QUERY_REMOVE a|func QUERY_REMOVE b|pdo QUERY_REMOVE b|"
                   "func CANCEL_REMOVE b|pdo CANCEL_REMOVE b|func CANCEL_REMOVE a|"
                   "pdo CANCEL_REMOVE a");
    assert_int_equal(CM_Query_And_Remove_SubTreeW(bus, &type, small, 6, CM_REMOVE_UI_NOT_OK),
                     CR_REMOVE_VETOED);
    assert_wide(small, L"TBUS\\"); /* what fits */
    ZwClose(file);
    rig_func.query_remove = STATUS_DEVICE_BUSY;
    assert_int_equal(CM_Query_And_Remove_SubTreeA(a, &type, narrow, sizeof(narrow), 0),
                     CR_REMOVE_VETOED);
    assert_int_equal(type, PNP_VetoDevice);
    assert_string_equal(narrow, "TBUS\\Thing\\1");
    assert_int_equal(CM_Disable_DevNode(a, 0), CR_REMOVE_VETOED);
    rig_func.query_remove = 0;
    rig_func.state = PNP_DEVICE_NOT_DISABLEABLE;
    IoInvalidateDeviceState(first.pdo);
    PnpSettle();
    assert_int_equal(CM_Query_And_Remove_SubTreeW(a, &type, name, MAX_PATH, 0), CR_REMOVE_VETOED);
    assert_int_equal(type, PNP_VetoNonDisableable);
    assert_int_equal(CM_Disable_DevNode(a, 0), CR_NOT_DISABLEABLE);
    assert_int_equal(rig_state(L"TBUS\\Thing\\1"), PnpStarted);
    assert_int_equal(CM_Query_And_Remove_SubTreeW(a, NULL, NULL, 0, 0x80), CR_INVALID_FLAG);
}

static void a_subtree_is_taken_down_and_comes_back(void **state)
{
    ULONG status, problem;
    PNP_VETO_TYPE type;
    WCHAR path[128];
    DEVINST bus, a;

    (void)state;
    make_things(path);
    bus = rig_devinst(path);
    a = rig_devinst(L"TBUS\\Thing\\1");
    assert_int_equal(CM_Query_And_Remove_SubTreeW(a, &type, NULL, 0, 0), CR_SUCCESS);
    assert_int_equal(type, PNP_VetoTypeUnknown);
    rig_assert_log("func QUERY_REMOVE a|pdo QUERY_REMOVE a|func REMOVE a|pdo REMOVE a");
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, a, 0), CR_SUCCESS);
    assert_false(status & (DN_STARTED | DN_DRIVER_LOADED));
    assert_int_equal(CM_Reenumerate_DevNode(bus, CM_REENUMERATE_SYNCHRONOUS), CR_SUCCESS);
    rig_assert_log("func ADD a|func START a|pdo START a");
    /* With NO_RESTART the bus does not bring it back, CM_Setup_DevNode does. */
    assert_int_equal(CM_Query_And_Remove_SubTreeW(a, NULL, NULL, 0, CM_REMOVE_NO_RESTART),
                     CR_SUCCESS);
    rig_clear_log();
    assert_int_equal(CM_Reenumerate_DevNode(bus, 0), CR_SUCCESS);
    rig_assert_log("");
    assert_int_equal(CM_Get_DevNode_Status(&status, &problem, a, 0), CR_SUCCESS);
    assert_int_equal(problem, CM_PROB_HELD_FOR_EJECT);
    assert_int_equal(CM_Setup_DevNode(a, CM_SETUP_DEVNODE_READY), CR_SUCCESS);
    rig_assert_log("func ADD a|func START a|pdo START a");
    assert_int_equal(CM_Setup_DevNode(a, CM_SETUP_DEVNODE_READY),
                     CR_SUCCESS); /* it works: nothing */
    rig_assert_log("");
    assert_int_equal(CM_Setup_DevNode(a, CM_SETUP_DEVNODE_RESET), CR_SUCCESS);
    rig_assert_log("func QUERY_REMOVE a|pdo QUERY_REMOVE a|func REMOVE a|pdo REMOVE a|"
                   "func ADD a|func START a|pdo START a");
    assert_int_equal(CM_Setup_DevNode(a, CM_SETUP_DOWNLOAD), CR_INVALID_FLAG);

    /* Disabled until enabled, or (PERSIST) also when it is plugged in again. */
    assert_int_equal(CM_Disable_DevNode(a, CM_DISABLE_UI_NOT_OK), CR_SUCCESS);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), CM_PROB_DISABLED);
    rig_unplug(&first);
    rig_plug(&first);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), 0);
    assert_int_equal(CM_Disable_DevNode(a, CM_DISABLE_PERSIST), CR_SUCCESS);
    rig_unplug(&first);
    rig_plug(&first);
    assert_int_equal(rig_problem(L"TBUS\\Thing\\1", NULL), CM_PROB_DISABLED);
    assert_int_equal(CM_Enable_DevNode(a, 0), CR_SUCCESS);
    assert_int_equal(rig_state(L"TBUS\\Thing\\1"), PnpStarted);

    /* The whole subtree, children first. */
    rig_clear_log();
    assert_int_equal(CM_Query_And_Remove_SubTreeW(bus, &type, NULL, 0, CM_REMOVE_NO_RESTART),
                     CR_SUCCESS);
    assert_int_equal(CM_Locate_DevNodeW(&a, (WCHAR[]){L"TBUS\\Thing\\1"}, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(rig_state(path), PnpInitialized);
    assert_int_equal(CM_Reenumerate_DevNode(a, 0), CR_INVALID_DEVNODE);
}

static void a_device_is_ejected(void **state)
{
    PNP_VETO_TYPE type;
    WCHAR path[128], name[64];
    HANDLE file;
    DEVINST bus, a;

    (void)state;
    make_things(path);
    bus = rig_devinst(path);
    a = rig_devinst(L"TBUS\\Thing\\1");
    assert_int_equal(CM_Request_Device_EjectW(bus, NULL, NULL, 0, 0), CR_INVALID_DEVNODE);
    assert_status(rig_open_device(first.pdo, &file), STATUS_SUCCESS);
    assert_int_equal(CM_Request_Device_EjectW(a, &type, name, 64, 0), CR_REMOVE_VETOED);
    assert_int_equal(type, PNP_VetoOutstandingOpen);
    assert_wide(name, L"TBUS\\Thing\\1");
    ZwClose(file);
    rig_clear_log();
    first.ejected = true;
    assert_int_equal(CM_Request_Device_EjectW(a, &type, name, 64, 0), CR_SUCCESS);
    rig_assert_log("func QUERY_REMOVE a|pdo QUERY_REMOVE a|func REMOVE a|pdo REMOVE a|pdo EJECT a|"
                   "pdo REMOVE a");
    assert_int_equal(CM_Request_Device_EjectW(a, &type, name, 64, 0), CR_NO_SUCH_DEVNODE);
}

static void devices_are_made(void **state)
{
    WCHAR name[64];
    DEVINST root, made, again;

    (void)state;
    assert_int_equal(CM_Locate_DevNodeW(&root, NULL, 0), CR_SUCCESS);
    NtCrt_wcscpy(name, L"MADE");
    assert_int_equal(CM_Create_DevNodeW(&made, name, root,
                                        CM_CREATE_DEVNODE_PHANTOM | CM_CREATE_DEVNODE_GENERATE_ID),
                     CR_SUCCESS);
    assert_id(made, L"Root\\MADE\\0000");
    assert_int_equal(locate(L"Root\\MADE\\0000", &again, 0), CR_NO_SUCH_DEVNODE);
    assert_int_equal(CM_Set_DevNode_Registry_PropertyW(made, CM_DRP_SERVICE, L"rigfunc", 16, 0),
                     CR_SUCCESS);
    NtCrt_wcscpy(name, L"Root\\MADE\\0000");
    assert_int_equal(CM_Create_DevNodeW(&again, name, root, CM_CREATE_DEVNODE_PHANTOM),
                     CR_ALREADY_SUCH_DEVNODE);
    assert_int_equal(CM_Create_DevNodeW(&again, name, root, CM_CREATE_DEVNODE_NORMAL), CR_SUCCESS);
    assert_int_equal(again, made);
    rig_assert_log("func ADD root|func START root");
    assert_int_equal(CM_Create_DevNodeW(&again, name, root, CM_CREATE_DEVNODE_NORMAL),
                     CR_ALREADY_SUCH_DEVNODE);
    NtCrt_wcscpy(name, L"A B");
    assert_int_equal(CM_Create_DevNodeW(&again, name, root, CM_CREATE_DEVNODE_GENERATE_ID),
                     CR_INVALID_DEVICE_ID);
    NtCrt_wcscpy(name, L"TBUS\\Thing\\9");
    assert_int_equal(CM_Create_DevNodeW(&again, name, root, 0), CR_INVALID_DEVICE_ID);
    assert_int_equal(CM_Create_DevNodeW(&again, name, made, 0), CR_INVALID_DEVNODE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_boot, rig_shutdown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_tree_is_walked),
        TEST(lists_by_filter),
        TEST(status_and_properties),
        TEST(who_vetoes_is_told),
        TEST(a_subtree_is_taken_down_and_comes_back),
        TEST(a_device_is_ejected),
        TEST(devices_are_made),
    };

    return cmocka_run_group_tests_name("win32 cfgmgr", tests, NULL, NULL);
}
