using Microsoft.AspNetCore.Http;
using XCron.Daemon.Api;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.Api;

/// <summary>What the contract says of every call, asked of each call there is.</summary>
internal sealed class EveryCallTests
{
    private const string Url = "\"callback\":{\"url\":\"http://a.test\"}";

    /// <summary>One value of each type of JSON, and null.</summary>
    private static readonly (FieldType? Type, string Json)[] Values =
    [
        (FieldType.Text, "\"x\""), (FieldType.Text, "\"5\""), (FieldType.Text, "\"\""), (FieldType.Integer, "7"),
        (FieldType.Number, "7.5"), (FieldType.Number, "-7.5"), (FieldType.Number, "1e999"),
        (FieldType.Boolean, "true"), (FieldType.Object, "{}"), (FieldType.Array, "[]"), (null, "null"),
    ];

    private ApiHost _host = null!;

    private static IEnumerable<ApiCall> Calls => new ApiHost().Endpoints.Calls.Select(static call => call.Call);

    private static IEnumerable<ApiCall> BodyCalls => Calls.Where(static call => call is { Body: not null });

    private static IEnumerable<ApiCall> ObjectCalls => BodyCalls.Where(static call => !call.TakesLines);

    private static IEnumerable<object[]> WrongTypes() =>
        from table in (FieldTable[])[CreateFields.Task, CreateFields.InCallback, CreateFields.InRetry]
        from number in Enumerable.Range(0, table.Fields.Count)
        from value in Values
        let field = table.Fields[number]
        where value.Type != field.Type && !(field.Type == FieldType.Number && value.Json == "7")
        where !(field.Type == FieldType.Integer && value.Type == FieldType.Number && field.Name == "type")
        select new object[] { table.Path(number), Put(table, field.Name, value.Json), value.Json };

    [SetUp]
    public void SetUp() => _host = new ApiHost();

    [TestCaseSource(nameof(WrongTypes))]
    public async Task A_field_of_another_type_is_refused_by_its_name_and_value(string field, string body, string value)
    {
        var shown = value switch { "{}" => "an object", "[]" => "an array", _ => value };

        var answer = await _host.PostAsync("/xcron/createTask", body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(1000), answer.Text);
            Assert.That(answer.Message, Does.StartWith($"{field} is {shown}; must be "));
            Assert.That(_host.Gateway.Submitted, Is.Empty);
        }
    }

    [TestCaseSource(nameof(Calls))]
    public async Task Each_call_has_one_method_and_says_so_to_every_other(ApiCall call)
    {
        var allowed = _host.Endpoints.Calls.Single(known => known.Call == call).Method;

        foreach (var method in (string[])["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get"])
        {
            if (method == allowed)
                continue;
            var answer = await _host.SendAsync(ApiHost.Request(method, call.Path, "{}"));
            Assert.That((answer.Status, answer.Code), Is.EqualTo((405, 1031)), $"{method} {call.Path}");
            Assert.That(answer.Headers["Allow"], Is.EqualTo(allowed));
            Assert.That(answer.Message, Does.Contain(method).And.Contain($"must be {allowed}"));
        }
    }

    [TestCaseSource(nameof(Calls))]
    public async Task Each_call_refuses_a_parameter_that_it_does_not_know(ApiCall call)
    {
        if (call == ApiCalls.OpenApi)
            return;
        var method = _host.Endpoints.Calls.Single(known => known.Call == call).Method;

        var answer = await _host.SendAsync(ApiHost.Request(method, call.Path + "?surely_none=1", "{}"));

        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, 1000)), answer.Text);
        Assert.That(answer.Message, Does.Contain("surely_none").Or.Contain("no query parameters"));
    }

    [TestCaseSource(nameof(ObjectCalls))]
    public async Task Each_body_is_one_JSON_object_in_UTF_8_of_known_fields_each_once(ApiCall call)
    {
        var field = call.Body!.Names[0];
        (string Body, string Message)[] wrong =
        [
            ("", "the body is empty; must be a JSON object"), ("{", "not JSON at line 1"),
            ("[]", "must be a JSON object"),
            ("null", "must be a JSON object"), ("7", "must be a JSON object"), ("\"{}\"", "must be a JSON object"),
            ("{}{}", ""), ("a=b", "not JSON"), ("{} x", ""), ("{\"a\":NaN}", "unknown field \"a\""),
            ("\uFEFF{}", "byte order mark"), ("{\"surely_none\":1}", "unknown field \"surely_none\""),
            ("{\"surely_none\":null}", "unknown field \"surely_none\""),
            ($"{{\"{field.ToUpperInvariant()}\":1}}", $"did you mean \"{field}\"?"),
        ];

        foreach (var (body, message) in wrong)
        {
            var answer = await _host.PostAsync(call.Path, body);
            Assert.That((answer.Status, answer.Code), Is.EqualTo((400, 1000)), $"{body}: {answer.Text}");
            Assert.That(answer.Message, Does.Contain(message), body);
        }

        var bytes = await _host.SendAsync(ApiHost.Request("POST", call.Path, [.. "{\""u8, 0xC0, 0xAF, .. "\":1}"u8]));
        Assert.That(bytes.Message, Does.Contain("not valid UTF-8 at byte 3"));
        Assert.That(_host.Gateway.Submitted, Is.Empty);
        Assert.That(_host.Defects, Is.Empty);
    }

    [TestCaseSource(nameof(ObjectCalls))]
    public async Task Each_body_refuses_a_field_that_comes_twice(ApiCall call)
    {
        foreach (var field in call.Body!.Fields.Where(static field => !field.IsRefused))
        {
            var value = Right(field);
            var answer = await _host.PostAsync(call.Path, $"{{\"{field.Name}\":{value},\"{field.Name}\":{value}}}");
            Assert.That((answer.Status, answer.Code), Is.EqualTo((400, 1000)), answer.Text);
            Assert.That(answer.Message, Does.Contain($"field \"{field.Name}\" is given twice"));
        }
    }

    [Test]
    public async Task Each_call_about_one_task_takes_its_id_or_its_name_and_one_of_them()
    {
        var host = new ApiHost(state: new SchedulerState());
        var calls = Calls.Where(static call => Tables(call).Any(static table => table.Names.Contains("task_id"))
            && call != ApiCalls.Import).ToArray();
        Assert.That(calls, Has.Length.EqualTo(7));

        foreach (var call in calls)
        {
            var byId = await AskAsync(host, call, ("task_id", "7"));
            var byName = await AskAsync(host, call, ("name", "seven"));
            var byBoth = call == ApiCalls.UpdateTask
                ? null
                : await AskAsync(host, call, ("task_id", "7"), ("name", "x"));
            var byNone = await AskAsync(host, call);
            var bad = await AskAsync(host, call, ("task_id", "0"));

            using (Assert.EnterMultipleScope())
            {
                Assert.That((byId.Status, byId.Code), Is.EqualTo((404, 1030)), call.Path);
                Assert.That(byId.Message, Is.EqualTo("there is no task 7"));
                Assert.That((byName.Status, byName.Code), Is.EqualTo((404, 1030)), call.Path);
                Assert.That(byName.Message, Is.EqualTo("there is no task named \"seven\""));
                Assert.That((byNone.Code, bad.Code, byBoth?.Code ?? 1000), Is.EqualTo((1000, 1000, 1000)), call.Path);
            }
        }
    }

    [TestCaseSource(nameof(BodyCalls))]
    public async Task Each_post_of_a_browser_from_another_site_is_refused(ApiCall call)
    {
        var context = ApiHost.Request("POST", call.Path, "{}");
        context.Request.ContentType = "text/plain";
        context.Request.Headers["Sec-Fetch-Site"] = "cross-site";

        var answer = await _host.SendAsync(context);

        Assert.That((answer.Status, answer.Code), Is.EqualTo((403, 1061)), answer.Text);
    }

    [TestCaseSource(nameof(Calls))]
    public async Task With_keys_each_call_needs_its_role_and_says_which(ApiCall call)
    {
        var roles = (ApiRole[])[ApiRole.Read, ApiRole.Write, ApiRole.Admin];
        var host = new ApiHost(keys: new ApiKeys([.. roles.Select(role => Hash(role))]));
        var method = host.Endpoints.Calls.Single(known => known.Call == call).Method;
        var keyless = await SendAsync(host, method, call, null);
        var wrong = await SendAsync(host, method, call, "no key of ours");

        if (call.Role != ApiRole.None)
        {
            Assert.That((keyless.Status, keyless.Code, wrong.Code), Is.EqualTo((401, 1060, 1060)));
            Assert.That(keyless.Headers["WWW-Authenticate"], Is.EqualTo("Bearer"));
        }

        foreach (var role in roles)
        {
            var answer = await SendAsync(host, method, call, $"key of {role}");
            Assert.That(answer.Code == 1061, Is.EqualTo(role < call.Role), $"{role} {call.Path}: {answer.Text}");
            if (role < call.Role)
                Assert.That(answer.Message, Does.Contain($"needs the role {ApiKeys.Name(call.Role)}"));
        }
    }

    private static FieldTable[] Tables(ApiCall call) => [call.Query, call.Body ?? FieldTable.Empty];

    private static Task<ApiAnswer> AskAsync(ApiHost host, ApiCall call, params (string Name, string Value)[] fields)
    {
        if (call.Body is null)
        {
            var query = fields.Select(field => $"{field.Name}={field.Value}");
            return host.GetAsync($"{call.Path}?{string.Join('&', query)}");
        }

        var json = fields.Select(field => $"\"{field.Name}\":\"{field.Value}\"");
        if (call == ApiCalls.UpdateTask)
            json = json.Append("\"format\":\"@daily\"");
        return host.PostAsync(call.Path, $"{{{string.Join(',', json)}}}");
    }

    private static ApiKeyHash Hash(ApiRole role) =>
        ApiKeyHash.TryParse($"{ApiKeys.Name(role)}:{ApiKeyHash.Hash($"key of {role}")}", out var hash)
            ? hash
            : throw new InvalidOperationException($"No hash for {role}.");

    private static Task<ApiAnswer> SendAsync(ApiHost host, string method, ApiCall call, string? key)
    {
        var context = ApiHost.Request(method, call.Path, "{\"surely_none\":1}");
        context.Request.QueryString = new QueryString("?surely_none=1");
        if (key is not null)
            context.Request.Headers["X-Api-Key"] = key;
        return host.SendAsync(context);
    }

    /// <summary>A task that is right but for this field.</summary>
    private static string Put(FieldTable table, string name, string json)
    {
        var inner = $"\"{name}\":{json}";
        if (table == CreateFields.InCallback)
            return $$"""{"callback":{ {{(name == "url" ? inner : "\"url\":\"http://a.test\"," + inner)}} } }""";
        if (table == CreateFields.InRetry)
            return $$"""{"type":1,"format":"* * * * *",{{Url}},"retry":{ {{inner}} } }""";
        var others = ((string, string)[])[("type", "1"), ("format", "\"* * * * *\""), ("callback", Url[11..])];
        return $"{{{string.Join(',', others.Where(other => other.Item1 != name)
            .Select(other => $"\"{other.Item1}\":{other.Item2}").Append(inner))}}}";
    }

    /// <summary>A value of the field that may stand for it by itself.</summary>
    private static string Right(Field field) => field.Name switch
    {
        "type" or "max_runs" => "1",
        "misfire" or "overlap" => "\"skip\"",
        "start_at" or "end_at" or "scheduled_time" => "\"1700000000\"",
        "host" => "\"127.0.0.1:1\"",
        _ => field.Type switch
        {
            FieldType.Text => "\"1\"",
            FieldType.Number => "1",
            FieldType.Boolean => "true",
            FieldType.Array => "[]",
            _ => "{}",
        },
    };
}
